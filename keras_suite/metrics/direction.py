"""Which way a metric is better."""

from fnmatch import fnmatchcase
from typing import Literal

DIRECTIONS = {
    "*accuracy": "max",
    "*auc": "max",
    "*f1": "max",
    "*precision": "max",
    "*recall": "max",
    "*exact_match": "max",
    "recall_at_*": "max",
    "pearson": "max",
    "spearman": "max",
    "silhouette": "max",
    "agreement": "max",
    "nearest_shares_category": "max",
    "brier": "min",
    "loss": "min",
    "*error": "min",
    "rank": "min",
    "seconds*": "min",
    "*_mb": "min",
}
"""By name, with ``*`` for any letters: metrics of one kind share an ending, costs their unit."""


def direction(metric: str) -> Literal["max", "min"] | None:
    """Return whether more ("max") or less ("min") is better, or None where neither is.

    Counts have no direction, for they depend on the number of rows; nor have the ends of an
    interval ("f1 from", "f1 to"). Results also name metrics of validation rows ("val_loss") and of
    one class ("f1 melanoma").
    """
    name, _, of = metric.removeprefix("val_").partition(" ")
    if of in ("from", "to"):
        return None
    return next((way for known, way in DIRECTIONS.items() if fnmatchcase(name, known)), None)
