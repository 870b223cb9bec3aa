"""One file for each experiment, installed as keras_suite.experiments."""
