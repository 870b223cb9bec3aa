"""How far figures of a test set would move if other rows had been drawn for it."""

import numpy as np

from keras_suite.metrics.classification import class_rates

LEVEL = 0.95


def bootstrap_intervals(
    y: np.ndarray, probabilities: np.ndarray, *, resamples: int = 1000, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """Return 95% percentile bootstrap intervals of averages over rows and classes.

    Each resample draws n of the n rows with replacement. The intervals say nothing of what another
    training, with other first weights, would change. Memory grows with the square of n: meant for
    thousands of rows.

    Returns:
        The lower and the upper end of accuracy, balanced_accuracy, f1 and auc, as
        :func:`keras_suite.metrics.classification.averages_report` defines them; means over the
        classes that have rows in a resample. Without auc where all rows are of one class.
    """
    counts = _draws(len(y), resamples, seed)
    matrices = _confusion_matrices(y, probabilities, counts)
    _, recall, f1 = class_rates(matrices)
    figures = {
        "accuracy": np.trace(matrices, axis1=1, axis2=2) / len(y),
        "balanced_accuracy": _mean_over_classes(recall),
        "f1": _mean_over_classes(f1),
    }
    labels = np.unique(y)
    if len(labels) > 1:
        areas = [_auc(y == label, probabilities[:, label], counts) for label in labels]
        figures["auc"] = _mean_over_classes(np.stack(areas, axis=1))
    ends = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    return {name: tuple(np.nanquantile(values, ends).tolist()) for name, values in figures.items()}


def interval_ends(y: np.ndarray, probabilities: np.ndarray, *, resamples: int) -> dict[str, float]:
    """Return :func:`bootstrap_intervals` as figures such as "accuracy from" and "accuracy to"."""
    intervals = bootstrap_intervals(y, probabilities, resamples=resamples)
    return {
        f"{metric} {end}": value
        for metric, values in intervals.items()
        for end, value in zip(("from", "to"), values, strict=True)
    }


def _draws(rows: int, resamples: int, seed: int) -> np.ndarray:
    """Return how often each row is drawn, ``[resamples, rows]``."""
    drawn = np.random.default_rng(seed).integers(rows, size=(resamples, rows))
    counts = np.stack([np.bincount(each, minlength=rows) for each in drawn])
    return counts.astype(float)  # products of whole numbers are slow


def _confusion_matrices(y, probabilities, counts) -> np.ndarray:
    """Return a matrix a resample, ``[resamples, classes, classes]``."""
    classes = probabilities.shape[1]
    cells = np.eye(classes**2)[y * classes + probabilities.argmax(axis=1)]
    return (counts @ cells).reshape(len(counts), classes, classes)


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
