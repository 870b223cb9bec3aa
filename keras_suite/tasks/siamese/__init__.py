"""Embeddings from triplets."""
