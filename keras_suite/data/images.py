"""Labelled images in memory."""

from dataclasses import dataclass

import numpy as np

from keras_suite.data.provenance import Loaded


@dataclass(frozen=True)
class Images(Loaded):
    """A set of labelled images.

    Args:
        train: images ``[n, height, width]`` or ``[n, height, width, channels]`` uint8, and labels
            ``[n]`` int64.
        test: likewise.
        class_names: of the labels 0, 1, ...
    """

    train: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    class_names: list[str]
