"""No figure is computed from what is no number."""

import numpy as np

from keras_suite.errors import InputError


def require_finite(*outputs: np.ndarray) -> None:
    """Raise InputError unless all outputs of a network, of any shape, are finite numbers.

    An argmax, a sort or a comparison takes NaN without a word and gives a figure that looks sound.
    """
    if not all(np.isfinite(each).all() for each in outputs):
        raise InputError(
            "Some outputs of the network are NaN or infinite, so nothing can be measured by them: "
            "train again with a lower learning rate."
        )
