"""Measures of classifiers."""

import numpy as np
from sklearn import metrics


def binary_report(y: np.ndarray, probability: np.ndarray, threshold: float = 0.5) -> dict:
    """Measure predictions of the positive class.

    Args:
        y: true labels 0 and 1, of shape ``[n]``, both present.
        probability: of label 1, float of shape ``[n]``.
        threshold: probability from which on a row is predicted positive.

    Returns:
        accuracy, precision (0 where nothing is predicted positive), recall, f1, the counts tn,
        fp, fn, tp at the threshold, and the threshold-free roc_auc and pr_auc (average
        precision).
    """
    predicted = (np.asarray(probability) >= threshold).astype(int)
    tn, fp, fn, tp = metrics.confusion_matrix(y, predicted, labels=[0, 1]).ravel().tolist()
    return {
        "accuracy": float(metrics.accuracy_score(y, predicted)),
        "precision": float(metrics.precision_score(y, predicted, zero_division=0)),
        "recall": float(metrics.recall_score(y, predicted)),
        "f1": float(metrics.f1_score(y, predicted)),
        "tn": tn,
        "fp": fp,
        "fn": fn,
        "tp": tp,
        "roc_auc": float(metrics.roc_auc_score(y, probability)),
        "pr_auc": float(metrics.average_precision_score(y, probability)),
    }


def multiclass_report(y: np.ndarray, probabilities: np.ndarray) -> dict:
    """Measure predictions of several classes.

    Args:
        y: true labels 0, 1, ..., of shape ``[n]``.
        probabilities: of each class, float of shape ``[n, classes]``.

    Returns:
        accuracy, balanced_accuracy, f1 (the mean over classes) and loss (cross-entropy, nats).
    """
    predicted = probabilities.argmax(axis=1)
    exact = probabilities.astype("float64")
    exact /= exact.sum(axis=1, keepdims=True)  # float32 sums miss 1 by more than log_loss allows
    labels = np.arange(probabilities.shape[1])
    return {
        "accuracy": float(metrics.accuracy_score(y, predicted)),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(y, predicted)),
        "f1": float(metrics.f1_score(y, predicted, average="macro")),
        "loss": float(metrics.log_loss(y, exact, labels=labels)),
    }


def logits_report(y: np.ndarray, logits: np.ndarray) -> dict:
    """Measure predictions of text classifiers as GLUE's tasks are reported.

    Args:
        y: true labels 0, 1, ..., of shape ``[n]``.
        logits: float of shape ``[n, classes]``.

    Returns:
        loss (cross-entropy, nats), accuracy, precision, recall and f1: of label 1 where there are
        two classes, else the means over classes; 0 where nothing is predicted so.
    """
    exact = logits.astype("float64")
    exact -= np.logaddexp.reduce(exact, axis=1, keepdims=True)
    predicted, two = logits.argmax(axis=1), logits.shape[1] == 2
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        y, predicted, average="binary" if two else "macro", zero_division=0
    )
    return {
        "loss": float(-exact[np.arange(len(y)), y].mean()),
        "accuracy": float(metrics.accuracy_score(y, predicted)),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
    }


def best_f1_threshold(y: np.ndarray, probability: np.ndarray) -> float:
    """Return the threshold with the highest F1 on these rows (shapes as above).

    Choose it on validation rows: on the rows it was chosen on, its F1 flatters.
    """
    precision, recall, thresholds = metrics.precision_recall_curve(y, probability)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[np.argmax(f1[:-1])])
