"""Labelled images in memory."""

from dataclasses import dataclass, replace

import numpy as np

from keras_suite.data.provenance import Loaded


@dataclass(frozen=True)
class Images(Loaded):
    """A set of labelled images.

    Both parts are images ``[n, height, width]`` or ``[n, height, width, channels]`` uint8, and
    labels ``[n]`` int64; ``class_names`` are those of the labels 0, 1, ...
    """

    train: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    class_names: list[str]

    def first(self, train: int, test: int) -> "Images":
        """Return the first images of both parts, so many as are asked for; 0 stands for all."""
        return replace(
            self,
            train=tuple(each[: train or None] for each in self.train),
            test=tuple(each[: test or None] for each in self.test),
        )
