"""Searches by Hyperband, installed as keras_suite.tuning."""
