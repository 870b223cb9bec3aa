"""Asking word vectors: neighbours, triples, analogies, planes and categories."""
