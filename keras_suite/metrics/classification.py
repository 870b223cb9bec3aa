"""Measures of classifiers, of labels ``y`` and what was predicted for the same rows.

Labels are 0, 1, ..., of shape ``[n]``; probabilities and logits floats of shape ``[n, classes]``.
InputError is raised where one of these is not finite.
"""

from collections.abc import Callable, Sequence

import numpy as np
from sklearn import metrics

from keras_suite.metrics.finite import require_finite


def binary_report(y: np.ndarray, probability: np.ndarray, threshold: float = 0.5) -> dict:
    """Measure probabilities of label 1 ``[n]``; both labels must be present.

    Returns accuracy, precision (0 where nothing is predicted positive), recall, f1, and the counts
    tn, fp, fn, tp, a row being predicted positive from the threshold on; roc_auc and pr_auc
    (average precision), which depend on no threshold.
    """
    require_finite(probability)
    predicted = (np.asarray(probability) >= threshold).astype(int)
    counts = metrics.confusion_matrix(y, predicted, labels=[0, 1]).ravel().tolist()
    return {
        "accuracy": float(metrics.accuracy_score(y, predicted)),
        "precision": float(metrics.precision_score(y, predicted, zero_division=0)),  # pyright: ignore[reportArgumentType]
        "recall": float(metrics.recall_score(y, predicted)),
        "f1": float(metrics.f1_score(y, predicted)),
        **dict(zip(("tn", "fp", "fn", "tp"), counts, strict=True)),
        "roc_auc": float(metrics.roc_auc_score(y, probability)),
        "pr_auc": float(metrics.average_precision_score(y, probability)),
    }


def measures_of(report: Callable, *names: str) -> dict[str, Callable]:
    """Return some figures of a report as functions of validation rows: ``val_<name>`` by name."""
    return {f"val_{name}": lambda y, p, name=name: report(y, p)[name] for name in names}


def probability_report(y: np.ndarray, probability: np.ndarray) -> dict:
    """Measure probabilities of label 1 ``[n, 1]``: :func:`binary_report`, and the loss (nats)."""
    require_finite(probability)
    exact = probability[:, 0].astype("float64")
    loss = float(metrics.log_loss(y, exact, labels=[0, 1]))
    return {"loss": loss} | binary_report(y, exact)


def multiclass_report(y: np.ndarray, probabilities: np.ndarray) -> dict:
    """Return accuracy, balanced_accuracy, f1 (mean of classes) and loss (cross-entropy, nats)."""
    require_finite(probabilities)
    predicted = probabilities.argmax(axis=1)
    return {
        "accuracy": float(metrics.accuracy_score(y, predicted)),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(y, predicted)),
        "f1": float(metrics.f1_score(y, predicted, average="macro")),
        "loss": _cross_entropy(y, probabilities),
    }


def class_report(y: np.ndarray, probabilities: np.ndarray) -> dict[str, np.ndarray]:
    """Measure each class for itself.

    Returns precision (0 where nothing is predicted so), recall, f1, and auc (area under the ROC
    curve, one class against the rest), float64 ``[classes]``. All are NaN for a class without rows,
    auc also for a class that has all rows.
    """
    require_finite(probabilities)
    classes = probabilities.shape[1]
    labels = np.arange(classes)
    matrix = metrics.confusion_matrix(y, probabilities.argmax(axis=1), labels=labels)
    auc = np.full(classes, np.nan)
    for label in np.unique(y) if len(np.unique(y)) > 1 else ():
        auc[label] = metrics.roc_auc_score(y == label, probabilities[:, label])
    precision, recall, f1 = class_rates(matrix)
    return {"precision": precision, "recall": recall, "f1": f1, "auc": auc}


def figures_by_class(
    y: np.ndarray, probabilities: np.ndarray, classes: Sequence[str]
) -> dict[str, float]:
    """Return what :func:`class_report` measures by names such as "f1 nv", but what is undefined."""
    return {
        f"{metric} {name}": float(value)
        for metric, values in class_report(y, probabilities).items()
        for name, value in zip(classes, values, strict=True)
        if not np.isnan(value)
    }


def undefined_figures(y: np.ndarray, classes: Sequence[str]) -> str:
    """Say in a sentence which figures of :func:`class_report` rows do not define, or return ""."""
    absent = [name for label, name in enumerate(classes) if label not in y]
    if not absent:
        return ""
    auc = "; as one class is left, there is no AUC at all" * (len(absent) == len(classes) - 1)
    return (
        f"no row is of class {', '.join(absent)}, which has no precision, recall, F1 and AUC "
        f"here and is left out of the means{auc}."
    )


def class_rates(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the precision, recall and F1 of each class, as :func:`class_report` describes them.

    The arrays are float64 ``[..., classes]``, of confusion matrices (counts)
    ``[..., classes, classes]`` with a row for each true label.
    """
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    true, predicted = matrix.sum(axis=-1), matrix.sum(axis=-2)
    rows = np.where(true > 0, true, np.nan)
    precision = np.where(true > 0, hits / np.maximum(predicted, 1), np.nan)
    return precision, hits / rows, 2 * hits / (rows + predicted)


def averages_report(y: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Measure predictions of unbalanced classes by means over classes.

    Returns accuracy, balanced_accuracy (the mean recall), precision, f1 and auc (means over the
    classes that have rows), weighted_precision and weighted_f1 (means over the rows, each counted
    as its class; the recall weighted so is the accuracy) and loss (cross-entropy, nats). Without
    auc where all rows are of one class.
    """
    by_class = class_report(y, probabilities)
    named = {"balanced_accuracy": "recall", "precision": "precision", "f1": "f1", "auc": "auc"}
    means = {
        name: float(np.nanmean(by_class[rate]))
        for name, rate in named.items()
        if not np.isnan(by_class[rate]).all()
    }
    return {
        "accuracy": float(metrics.accuracy_score(y, probabilities.argmax(axis=1))),
        **means,
        "weighted_precision": float(by_class["precision"][y].mean()),
        "weighted_f1": float(by_class["f1"][y].mean()),
        "loss": _cross_entropy(y, probabilities),
    }


def logits_report(y: np.ndarray, logits: np.ndarray) -> dict:
    """Measure predictions of text classifiers as GLUE's tasks are reported.

    Returns loss (cross-entropy, nats), accuracy, precision, recall and f1: of label 1 where there
    are two classes, else the means over classes; 0 where nothing is predicted so.
    """
    require_finite(logits)
    exact = logits.astype("float64")
    exact -= np.logaddexp.reduce(exact, axis=1, keepdims=True)
    predicted, two = logits.argmax(axis=1), logits.shape[1] == 2
    options: dict = {"average": "binary" if two else "macro", "zero_division": 0}
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(y, predicted, **options)
    return {
        "loss": float(-exact[np.arange(len(y)), y].mean()),
        "accuracy": float(metrics.accuracy_score(y, predicted)),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
    }


def best_f1_threshold(y: np.ndarray, probability: np.ndarray) -> float:
    """Return the threshold with the highest F1 of probabilities of label 1 ``[n]``.

    Choose it on validation rows: on the rows it was chosen on, its F1 flatters.
    """
    require_finite(probability)
    precision, recall, thresholds = metrics.precision_recall_curve(y, probability)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[np.argmax(f1[:-1])])


def _cross_entropy(y: np.ndarray, probabilities: np.ndarray) -> float:
    exact = probabilities.astype("float64")
    exact /= exact.sum(axis=1, keepdims=True)  # float32 sums miss 1 by more than log_loss allows
    return float(metrics.log_loss(y, exact, labels=np.arange(exact.shape[1])))
