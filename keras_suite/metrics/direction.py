"""Which way a metric is better."""


def direction(metric: str):
    """Temporary."""
    return "min" if "loss" in metric or "error" in metric else "max"
