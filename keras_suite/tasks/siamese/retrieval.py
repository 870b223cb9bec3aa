"""Measures of embeddings: what lies near what."""

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from keras_suite.errors import InputError
from keras_suite.metrics.finite import require_finite
from keras_suite.tasks.siamese.by_class import RowsByClass

NEIGHBOURS = 5


def require_measurable(labels: np.ndarray, rows: str) -> None:
    """Check that :func:`retrieval_report` can measure embeddings of rows with labels ``[n]``.

    Raises:
        InputError: where there are too few rows, classes, or rows of a class; it names the rows.
    """
    counts = np.unique(labels, return_counts=True)[1]
    if len(labels) <= NEIGHBOURS or len(counts) < 2 or counts.min() < 2:
        raise InputError(
            f"{len(labels)} {rows} are too few to measure embeddings by (classes: {len(counts)}, "
            f"rows of the smallest: {counts.min(initial=len(labels))}): use at least "
            f"{NEIGHBOURS + 1}, of 2 classes or more and 2 of each."
        )


def retrieval_report(labels: np.ndarray, embeddings: np.ndarray) -> dict[str, float]:
    """Measure embeddings ``[n, size]`` with integer labels ``[n]``, each looked up in all others.

    Returns:
        recall_at_1: the share of rows whose nearest neighbour has their label; knn_accuracy: of
        rows whose 5 nearest neighbours, by majority (of those that tie, the smallest label), have
        it; :func:`verification_auc`.

    Raises:
        InputError: as :func:`require_measurable`, or where an embedding is not finite.
    """
    require_measurable(labels, "rows")
    require_finite(embeddings)
    neighbours = labels[nearest_others(embeddings, NEIGHBOURS)]
    votes = np.stack([(neighbours == label).sum(axis=1) for label in range(labels.max() + 1)])
    return {
        "recall_at_1": float((neighbours[:, 0] == labels).mean()),
        "knn_accuracy": float((votes.argmax(axis=0) == labels).mean()),
        "verification_auc": verification_auc(labels, embeddings),
    }


def recall_at_1(labels: np.ndarray, embeddings: np.ndarray) -> float:
    """Return the share of rows whose nearest neighbour among all others has their label."""
    return float((labels[nearest_others(embeddings, 1)[:, 0]] == labels).mean())


def nearest_others(embeddings: np.ndarray, count: int) -> np.ndarray:
    """Return the numbers ``[n, count]`` of the rows nearest to each, itself left out.

    Distances are Euclidean, the nearest first; only a part of them is in memory at a time.
    """
    search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(embeddings)
    return search.kneighbors(return_distance=False)


def verification_auc(
    labels: np.ndarray, embeddings: np.ndarray, pairs: int = 100_000, seed: int = 0
) -> float:
    """Return how well distances tell pairs of one label from pairs of two (area under the ROC).

    ``pairs`` are drawn, half of either kind, as ``seed`` decides.

    Raises:
        InputError: where there is one label only, or a label of one row only.
    """
    drawn = RowsByClass(labels).triplets(pairs // 2, np.random.default_rng(seed))
    anchors, positives, negatives = (embeddings[rows] for rows in drawn.T)
    near, far = (np.linalg.norm(anchors - each, axis=1) for each in (positives, negatives))
    is_same = np.repeat([1, 0], len(drawn))
    return float(roc_auc_score(is_same, -np.concatenate([near, far])))
