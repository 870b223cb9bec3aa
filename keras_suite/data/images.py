"""Labelled images in memory."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from keras_suite.data.provenance import Provenance


@dataclass(frozen=True)
class Images:
    """A set of labelled images.

    Args:
        train: images ``[n, height, width]`` or ``[n, height, width, channels]`` uint8, and labels
            ``[n]`` int64.
        test: likewise.
        classes: the names of the labels 0, 1, ...
        provenance: where they came from.
        notice: a sentence the person must see, or "".
    """

    train: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    classes: list[str]
    provenance: Provenance
    notice: str = ""

    def first(self, train: int, test: int) -> "Images":
        """Return the first images of both parts, so many as are asked for; 0 stands for all."""
        return dataclasses.replace(
            self,
            train=tuple(each[: train or None] for each in self.train),
            test=tuple(each[: test or None] for each in self.test),
        )
