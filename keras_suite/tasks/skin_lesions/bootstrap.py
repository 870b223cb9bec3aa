"""How far figures of a test set would move if other rows had been drawn for it."""

import numpy as np

from keras_suite.metrics.classification import class_rates

LEVEL = 0.95


def interval_ends(y: np.ndarray, probabilities: np.ndarray, *, resamples: int) -> dict[str, float]:
    """Return the ends of 95% percentile bootstrap intervals of averages over rows and classes.

    Each resample draws n of the n rows with replacement. The intervals say nothing of what another
    training, with other first weights, would change. Memory grows with the square of n: meant for
    thousands of rows.

    Returns:
        "accuracy from", "accuracy to" and the same of balanced_accuracy, f1 and auc, as
        :func:`keras_suite.metrics.classification.averages_report` defines them; means over the
        classes that have rows in a resample. Without auc where all rows are of one class.
    """
    rows, classes = probabilities.shape
    drawn = np.random.default_rng(0).integers(rows, size=(resamples, rows))
    counts = np.stack([np.bincount(each, minlength=rows) for each in drawn])
    counts = counts.astype(float)  # products of whole numbers are slow
    cells = np.eye(classes**2)[y * classes + probabilities.argmax(axis=1)]
    matrices = (counts @ cells).reshape(resamples, classes, classes)
    _, recall, f1 = class_rates(matrices)
    figures = {
        "accuracy": np.trace(matrices, axis1=1, axis2=2) / rows,
        "balanced_accuracy": _mean_over_classes(recall),
        "f1": _mean_over_classes(f1),
    }
    labels = np.unique(y)
    if len(labels) > 1:
        areas = [_auc(y == label, probabilities[:, label], counts) for label in labels]
        figures["auc"] = _mean_over_classes(np.stack(areas, axis=1))
    ends = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    return {
        f"{name} {end}": value
        for name, values in figures.items()
        for end, value in zip(("from", "to"), np.nanquantile(values, ends).tolist(), strict=True)
    }


def _auc(positive: np.ndarray, scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return each resample's area under one ROC curve; NaN where one of both sides is empty.

    That is the share of pairs of a positive and a negative row in which the positive one has the
    higher score; half of the pairs with equal scores.
    """
    above, below = scores[positive, None], scores[~positive]
    wins = (above > below) + (above == below) / 2
    up, down = counts[:, positive], counts[:, ~positive]
    pairs = up.sum(axis=1) * down.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return ((up @ wins) * down).sum(axis=1) / pairs


def _mean_over_classes(values: np.ndarray) -> np.ndarray:
    """Return the means ``[resamples]`` of what is not NaN in ``[resamples, classes]``."""
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(defined, values, 0).sum(axis=1) / defined.sum(axis=1)
