"""Skin lesions."""
