"""ADASYN, adaptive synthetic sampling, from scratch."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from keras_suite.errors import InputError


@dataclass(frozen=True)
class ADASYN:
    """Adaptive synthetic sampling: more synthetic rows where the minority is harder to learn.

    A row's difficulty is the share of other classes among its ``n_neighbors`` nearest neighbours
    over all rows. With the difficulties of a class normalised to sum 1, row i gets
    ``round(difficulty_i * (n_majority - n_class) * ratio)`` synthetic rows, each a uniformly
    random point between the row and one of its ``n_neighbors`` nearest neighbours of the same
    class. The result is shuffled. Distances are Euclidean on the features as they come.

    Source: He, Bai, Garcia and Li, "ADASYN: Adaptive Synthetic Sampling Approach for Imbalanced
    Learning", IJCNN 2008; the binary form of report A and the multi-class form of report B (which
    uses ``imbalance_threshold=0.6``; its 5,000 neighbours need more than 5,000 rows in each class
    that is resampled, which the card data's 473 frauds are not).

    Args:
        n_neighbors: neighbours looked at, for the difficulty and for the segments.
        ratio: share of the gap to the majority that is filled; 1 balances the classes.
        imbalance_threshold: a class is resampled when its size is below this share of the
            largest class; 1 resamples every class smaller than the largest.
        seed: of the random choices; None takes fresh ones each call.
    """

    n_neighbors: int = 5
    ratio: float = 1.0
    imbalance_threshold: float = 1.0
    seed: int | None = None

    def __post_init__(self):
        if self.n_neighbors < 1:
            raise ValueError(f"n_neighbors must be at least 1, not {self.n_neighbors}")
        if not 0 < self.ratio < np.inf:
            raise ValueError(f"ratio must be above 0 and finite, not {self.ratio}")
        if not 0 < self.imbalance_threshold <= 1:
            raise ValueError(
                f"imbalance_threshold must lie in (0, 1], not {self.imbalance_threshold}"
            )

    def fit_resample(self, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return all rows, features ``[n, d]`` and labels ``[n]``, with the synthetic ones.

        Returns:
            Features ``[n + m, d]`` and labels ``[n + m]``, shuffled together, in the dtypes given,
            features that are no floats as float64; m is 0 where no class is below the threshold.

        Raises:
            InputError: for features that are no finite numbers, missing labels, lengths that
                differ, a single class, or a class to resample with at most ``n_neighbors`` rows,
                whose neighbours are all its own, or whose gap is too small for a synthetic row.
        """
        X, y = np.asarray(X), np.asarray(y)
        _require_shapes(X, y)
        X, given = _computable(X), X
        _require_labels(y)
        rng = np.random.default_rng(self.seed)
        try:
            classes, counts = np.unique(y, return_counts=True)
        except TypeError as error:
            raise InputError(f"Labels cannot be compared ({error}): give one type") from error
        if len(classes) < 2:
            raise InputError(
                f"All {len(y)} labels are {classes[0]}: ADASYN needs rows of at least two classes"
            )
        largest = counts.max()
        minority = counts < self.imbalance_threshold * largest
        synthetic = []
        if minority.any():
            all_rows = NearestNeighbors(n_neighbors=self.n_neighbors + 1).fit(X)
            synthetic = [
                self._synthesize(X, y, label, int(largest - count), all_rows, rng)
                for label, count in zip(classes[minority], counts[minority], strict=True)
            ]
        new_labels = np.repeat(classes[minority], [len(rows) for rows in synthetic])
        X = given if given.dtype.kind == "f" else X
        return _shuffled_together(X, y, synthetic, new_labels, rng)

    def _synthesize(self, X, y, label, gap, all_rows, rng) -> np.ndarray:
        members = X[y == label]
        if len(members) <= self.n_neighbors:
            raise InputError(
                f"Class {label} has {len(members)} rows, too few for n_neighbors="
                f"{self.n_neighbors}: lower n_neighbors to at most {len(members) - 1} or get "
                "more rows of that class"
            )
        copies = self._copies_per_row(y, label, gap, all_rows, members)
        starts = np.repeat(np.arange(len(members)), copies)
        near = NearestNeighbors(n_neighbors=self.n_neighbors + 1).fit(members)
        neighbors = near.kneighbors(members, return_distance=False)[:, 1:]
        chosen = neighbors[starts, rng.integers(self.n_neighbors, size=len(starts))]
        steps = rng.random((len(starts), 1), dtype=X.dtype)
        start_rows, synthetic = members[starts], members[chosen]
        synthetic -= start_rows  # in place: these are the largest arrays of the call
        synthetic *= steps
        synthetic += start_rows
        return synthetic

    def _copies_per_row(self, y, label, gap, all_rows, members) -> np.ndarray:
        # A row is its own nearest neighbour, so the first column is dropped.
        neighbors = all_rows.kneighbors(members, return_distance=False)[:, 1:]
        difficulty = (y[neighbors] != label).mean(axis=1)
        if not difficulty.any():
            raise InputError(
                f"None of the {len(members)} rows of class {label} has a row of another class "
                f"among its {self.n_neighbors} nearest neighbours, so none is hard to learn: "
                "raise n_neighbors, or leave this class as it is with a lower imbalance_threshold"
            )
        copies = np.rint(difficulty / difficulty.sum() * gap * self.ratio).astype(int)
        if not copies.any():
            raise InputError(
                f"Class {label} lacks {gap} rows, of which ratio={self.ratio:g} rounds to no "
                f"synthetic row for any of its {len(members)} rows: raise ratio, or leave this "
                "class as it is with a lower imbalance_threshold"
            )
        return copies


def _require_shapes(X: np.ndarray, y: np.ndarray) -> None:
    if X.ndim != 2 or y.ndim != 1:
        raise InputError(
            f"X must have shape [n, d] and y shape [n], not {list(X.shape)} and {list(y.shape)}"
        )
    if len(X) != len(y):
        raise InputError(f"X has {len(X)} rows and y {len(y)} labels: give one label per row")
    if X.size == 0:
        raise InputError("X is empty: ADASYN needs features, and rows of at least two classes")


def _computable(X: np.ndarray) -> np.ndarray:
    """Return features as float32 or float64, which scikit-learn and NumPy's generators take."""
    if X.dtype.kind not in "fiub":
        for (row, column), value in np.ndenumerate(X):
            if not isinstance(value, float | int | np.number | np.bool_) or np.iscomplexobj(value):
                raise InputError(
                    f"X holds {value!r:.40} in row {row}, column {column}, which is no number: "
                    "drop or fill missing values, and encode others, first"
                )
    with np.errstate(over="ignore"):
        X = X.astype(np.float32 if X.dtype == np.float32 else np.float64, copy=False)
    finite = np.isfinite(X)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise InputError(
            f"X holds {X[row, column]} in row {row}, column {column}: "
            "drop or fill missing and infinite values first"
        )
    return X


def _require_labels(y: np.ndarray) -> None:
    missing = pd.isna(y)
    if missing.any():
        raise InputError(f"The label of row {missing.argmax()} is missing: drop such rows first")


def _shuffled_together(X, y, synthetic, new_labels, rng) -> tuple[np.ndarray, np.ndarray]:
    """Scatter old and new rows straight to their shuffled places: one copy, not three."""
    order = rng.permutation(len(X) + len(new_labels))
    X_out = np.empty((len(order), X.shape[1]), X.dtype)
    y_out = np.empty(len(order), y.dtype)
    X_out[order[: len(X)]] = X
    y_out[order[: len(X)]] = y
    if len(new_labels):
        X_out[order[len(X) :]] = np.concatenate(synthetic)
        y_out[order[len(X) :]] = new_labels
    return X_out, y_out
