"""Models as TF Serving loads them."""
