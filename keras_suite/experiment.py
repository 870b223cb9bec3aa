"""What a search optimizes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Objective:
    """A figure of the validation rows after each epoch; a trial scores its best epoch.

    Args:
        name: as the history of a fit names it, such as val_accuracy.
        direction: "max" or "min".
        measure: from labels ``[n]`` and outputs ``[n, ...]`` of the validation rows to the figure;
            None where the model is compiled to measure it.
    """

    name: str
    direction: Literal["max", "min"]
    measure: "Callable[[np.ndarray, np.ndarray], float] | None" = None
