"""What a frozen prefix makes of rows: what decides it, its shape, its order, and who reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from keras_suite.data.length_buckets import Inputs, TextRows
from keras_suite.training.prefix import has_tokens
from keras_suite.training.rows import ArrayRows, StoredRows, StoredTextRows

BATCH = 16
"""Rows that go through a prefix at once: fewer than in a training step, which has the peak."""


@dataclass(frozen=True)
class Features:
    """The features of rows, along the first axis of one array."""

    prefix: keras.Model
    source: ArrayRows

    @property
    def deciding(self) -> list[np.ndarray]:
        """All that decides what a prefix makes of the rows."""
        return [self.source.inputs]

    @property
    def places(self) -> int:
        """Length of the array's first axis."""
        return len(self.source.inputs)

    @property
    def per_token(self) -> bool:
        """Whether a prefix's output has a second axis, the tokens', that the array has not."""
        return False

    def some(self) -> np.ndarray | Inputs:
        """Return a row or a few, as the prefix gets them."""
        return self.source.inputs[:1]

    def trace(self) -> None:
        """Let Keras trace the prefix for batches of any size, before any is computed.

        What is traced for one size alone may round otherwise, and which size comes first would
        depend on what is stored already.
        """
        some = self.some()
        for each in (some, self._of_other_size(some)):
            self.prefix.predict_on_batch(each)

    def _of_other_size(self, some):
        return np.concatenate([some, some])

    def compute(self) -> Iterator[tuple[int, np.ndarray]]:
        """Give all features in pieces, each with its place on the first axis."""
        for start in range(0, self.places, BATCH):
            yield start, self.prefix.predict_on_batch(self.source.inputs[start : start + BATCH])

    def rows(self, path: Path) -> StoredRows | StoredTextRows:
        """Return the rows to train a tail on, for features that lie in a file of numpy's."""
        return StoredRows(path, self.source.labels)


def features_of(prefix: keras.Model, rows: ArrayRows | TextRows) -> Features:
    """Say how the features of rows are computed and stored."""
    return _TextFeatures(prefix, rows) if isinstance(rows, TextRows) else Features(prefix, rows)


@dataclass(frozen=True)
class _TextFeatures(Features):
    """A place for each text, or for each token of all texts where the prefix tells them apart."""

    source: TextRows

    @property
    def deciding(self) -> list[np.ndarray]:
        encoded = self.source.encoded
        types = encoded.token_type_ids
        return [encoded.input_ids, encoded.offsets, *([] if types is None else [types])]

    @property
    def places(self) -> int:
        return int(self.source.encoded.offsets[-1]) if self.per_token else len(self.source)

    @property
    def per_token(self) -> bool:
        return has_tokens(self.prefix.output)

    def some(self) -> Inputs:
        return self.source.first(1)

    def _of_other_size(self, some):
        # No longer than the row: it may have all the tokens that the prefix has positions for.
        return {name: np.resize(each, (2, each.shape[1] - 1 or 2)) for name, each in some.items()}

    def compute(self) -> Iterator[tuple[int, np.ndarray]]:
        encoded = self.source.encoded
        for rows in self.source.longest_first(BATCH):
            outputs = self.prefix.predict_on_batch(self.source.inputs(rows))
            for row, output in zip(rows, outputs, strict=True):
                if self.per_token:
                    yield int(encoded.offsets[row]), output[: encoded.lengths[row]]
                else:
                    yield row, output[None]

    def rows(self, path: Path) -> StoredTextRows:
        source = self.source
        return StoredTextRows(source.encoded, source.labels, source.pad_id, path, self.per_token)
