"""Drawing rows by their class: triplets, and batches of a few classes."""

import numpy as np

from keras_suite.errors import InputError


class RowsByClass:
    """Rows with integer labels ``[n]``, sorted once so that drawing from them takes no search."""

    def __init__(self, labels: np.ndarray):
        self.rows = np.argsort(labels, kind="stable")
        self.classes, self.class_of_row, self.counts = np.unique(
            labels, return_inverse=True, return_counts=True
        )
        self.starts = np.cumsum(self.counts) - self.counts
        self.place_of_row = np.empty_like(self.rows)
        self.place_of_row[self.rows] = np.arange(len(labels))

    def triplets(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Draw ``count`` triplets independently, every one there is with a chance.

        Returns:
            Row numbers ``[count, 3]``: an anchor, any row; a positive, another row of its class;
            a negative, a row of another class.

        Raises:
            InputError: where there is one class only, or a class with one row only.
        """
        if len(self.classes) < 2 or self.counts.min() < 2:
            raise InputError(
                f"Triplets need at least 2 classes and 2 rows of each, not {len(self.classes)} "
                f"classes with {self.counts.min(initial=len(self.rows))} rows of the smallest: "
                "use more rows."
            )
        anchors = rng.integers(len(self.rows), size=count)
        of_anchor = self.class_of_row[anchors]
        starts, counts = self.starts[of_anchor], self.counts[of_anchor]
        # Places are counted round: within the class from the anchor on, and behind the class.
        further = rng.integers(1, counts)
        positives = starts + (self.place_of_row[anchors] - starts + further) % counts
        beyond = rng.integers(len(self.rows) - counts)
        negatives = (starts + counts + beyond) % len(self.rows)
        return np.stack([anchors, self.rows[positives], self.rows[negatives]], axis=1)

    def batch(self, classes: int, rows: int, rng: np.random.Generator) -> np.ndarray:
        """Draw ``classes`` classes and ``rows`` of each, none twice ("P x K", arXiv:1703.07737).

        Returns row numbers ``[classes * rows]``, one class after the other.

        Raises:
            InputError: where there are not that many classes, or rows in one of them.
        """
        if classes > len(self.classes) or rows > self.counts.min():
            raise InputError(
                f"Batches of {classes} classes and {rows} rows of each cannot be drawn from "
                f"{len(self.classes)} classes with {self.counts.min()} rows of the smallest: make "
                "the batches smaller or use more rows."
            )
        drawn = rng.choice(len(self.classes), classes, replace=False)
        places = [
            self.starts[each] + rng.choice(self.counts[each], rows, replace=False) for each in drawn
        ]
        return self.rows[np.concatenate(places)]
