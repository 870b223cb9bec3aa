"""Figures that several experiments draw."""
