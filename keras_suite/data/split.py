"""Rows apart: to train on, to choose by, to judge by."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedTokenizerFast

Arrays = tuple["np.ndarray", "np.ndarray"]
Rows = TypeVar("Rows")


@dataclass(frozen=True)
class Split(Generic[Rows]):
    """Three disjoint sets of rows, such as pairs (inputs ``[n, ...]``, labels ``[n]``) or texts.

    Weights, scalers and resampling may see ``train`` alone; ``validation`` is for choices (epochs,
    thresholds, hyperparameters), ``test`` for the figures that are reported.
    """

    train: Rows
    validation: Rows
    test: Rows

    def parts(self) -> dict[str, Rows]:
        """The three by name, in the order train, validation, test."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


@dataclass(frozen=True)
class TextSplit(Split):
    """Sets of texts, with the tokenizer that made their token ids."""

    tokenizer: "PreTrainedTokenizerFast"
