"""Rows apart: to train on, to choose by, to judge by."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from keras_suite.errors import InputError

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

    Raises:
        InputError: where one of them has no row.
    """

    train: Rows
    validation: Rows
    test: Rows

    def __post_init__(self):
        labels = {part: _labels(rows) for part, rows in self.parts().items()}
        if empty := [part for part, each in labels.items() if len(each) == 0]:
            raise InputError(f"No rows are left for the part {empty[0]}: use more rows.")

    def parts(self) -> dict[str, Rows]:
        """The three by name, in the order train, validation, test."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def num_classes(self) -> int:
        """One more than the largest label, for few rows of one part may lack it."""
        return max(int(_labels(rows).max()) for rows in self.parts().values()) + 1

    def leaks(self) -> list[str]:
        """Say how many validation and test rows are, to a model, the same as a training row."""
        known, said = set(_seen_by_a_model(self.train)), []
        for part, rows in (("validation", self.validation), ("test", self.test)):
            same = [each in known for each in _seen_by_a_model(rows)]
            if any(same):
                said.append(
                    f"{sum(same):,} of {len(same):,} {part} rows are to the model what a training "
                    "row is."
                )
        return said


@dataclass(frozen=True)
class TextSplit(Split):
    """Sets of texts, with the tokenizer that made their token ids."""

    tokenizer: "PreTrainedTokenizerFast"


def _labels(rows: Any) -> Any:
    return rows[1] if isinstance(rows, tuple) else rows.labels


def _seen_by_a_model(rows: Any) -> Iterator[int]:
    """Hash what a model gets of each row, without its label: an array, or token ids."""
    if hasattr(rows, "encoded"):
        ids = rows.encoded.input_ids
        yield from (hash(ids[i:j].tobytes()) for i, j in pairwise(rows.encoded.offsets))
    else:
        inputs = rows[0] if isinstance(rows, tuple) else next(iter(vars(rows).values()))
        yield from (hash(row.tobytes()) for row in inputs)
