"""Which way a metric is better."""

from fnmatch import fnmatchcase

# By name, with * for any letters: metrics of one kind share an ending, costs their unit.
SHARES = "*accuracy", "*auc", "*f1", "*precision", "*recall", "*exact_match", "recall_at_*"
SCORES = "pearson", "spearman", "silhouette", "agreement", "nearest_shares_category"
LOSSES = "brier", "loss", "*error", "rank", "seconds*", "*_mb"
DIRECTIONS = dict.fromkeys((*SHARES, *SCORES), "max") | dict.fromkeys(LOSSES, "min")


def direction(metric: str) -> str | None:
    """Return whether more ("max") or less ("min") is better, or None where neither is.

    Counts have no direction, for they depend on the number of rows; nor have the ends of an
    interval ("f1 from", "f1 to"). Results also name metrics of validation rows ("val_loss") and of
    one class ("f1 melanoma").
    """
    name, _, of = metric.removeprefix("val_").partition(" ")
    if of in ("from", "to"):
        return None
    return next((way for known, way in DIRECTIONS.items() if fnmatchcase(name, known)), None)
