"""Measures of predictions, on top of scikit-learn."""
