"""A run's folder: what is written to it and read from it."""
