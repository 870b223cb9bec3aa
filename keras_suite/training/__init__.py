"""Fitting Keras models: resumable, reproducible to the bit, several at once."""
