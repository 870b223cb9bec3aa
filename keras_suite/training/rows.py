"""Rows as a fit needs them: arrays and files here, texts in ``keras_suite.data.length_buckets``."""

from abc import ABC, abstractmethod
from collections.abc import Sized
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import keras
import numpy as np
import tensorflow as tf

from keras_suite.data.length_buckets import TextRows
from keras_suite.data.split import Arrays
from keras_suite.errors import InputError
from keras_suite.training.prefix import MASK

Given = TypeVar("Given")
EVALUATION_BATCH = 8192
LARGE_ROWS_BATCH = 32
"""For rows that are images, or as large: no more of them than in a training step."""


class _NumberedRows(ABC, Sized):
    """What :class:`TextRows` can do, for rows that a batch of row numbers can be looked up in."""

    labels: np.ndarray
    evaluation_batch: int

    @abstractmethod
    def _batches(self, picks: tf.data.Dataset) -> tf.data.Dataset:
        """Turn row numbers, ``[rows]`` a batch, into inputs and labels."""

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.labels)

    def training_batches(
        self, batch_size: int, seed: int, first_step: tf.Variable, steps: int
    ) -> tf.data.Dataset:
        """Give ``steps`` batches out of an endless stream of passes over all rows.

        The order of a pass is a function of ``seed`` and the pass's number alone; its last batch
        may have fewer rows. ``first_step`` (int64), the stream's batches left out before, is read
        each time the dataset is iterated.
        """

        def picks(_):
            return self._picks(batch_size, seed, first_step.read_value()).take(steps)

        dataset = self._batches(tf.data.Dataset.range(1).flat_map(picks))
        sized = dataset.apply(tf.data.experimental.assert_cardinality(steps))
        return sized.with_options(_in_the_callers_thread())

    def _picks(self, batch_size: int, seed: int, first_step: tf.Tensor) -> tf.data.Dataset:
        """Give the row numbers ``[rows]`` of each batch from a step on."""
        rows, steps_per_pass = tf.range(len(self)), -(-len(self) // batch_size)

        def picks_of(pass_number):
            pass_seed = tf.stack([tf.constant(seed, tf.int64), pass_number])
            order = tf.random.experimental.stateless_shuffle(rows, seed=pass_seed)  # pyright: ignore[reportAttributeAccessIssue]
            return tf.data.Dataset.from_tensor_slices(order).batch(batch_size)

        passes = tf.data.Dataset.counter(first_step // steps_per_pass)
        return passes.flat_map(picks_of).skip(tf.math.floormod(first_step, steps_per_pass))

    def validation_data(self) -> tf.data.Dataset:
        """Give all rows in order, for Keras to measure after each epoch."""
        picks = tf.data.Dataset.range(len(self)).batch(self.evaluation_batch)
        return self._batches(picks).with_options(_in_the_callers_thread())

    def predict(self, model: keras.Model) -> np.ndarray:
        """Return the model's outputs ``[n, ...]``."""
        return model.predict(self.validation_data(), verbose=0)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True)
class ArrayRows(_NumberedRows):
    """Inputs and labels ``[n, ...]``, measured and predicted ``evaluation_batch`` rows at once."""

    inputs: np.ndarray
    labels: np.ndarray
    evaluation_batch: int = EVALUATION_BATCH

    def _batches(self, picks: tf.data.Dataset) -> tf.data.Dataset:
        arrays = tuple(tf.constant(array) for array in (self.inputs, self.labels))
        return picks.map(lambda pick: tuple(tf.gather(array, pick) for array in arrays))


@dataclass(frozen=True)
class StoredRows(_NumberedRows):
    """Rows of which only the batch at work and the next one are in memory.

    Labels and ``evaluation_batch`` are as :class:`ArrayRows` has them; at ``path`` lie the inputs
    ``[n, ...]`` as ``numpy.save`` writes them, in C order.
    """

    path: Path
    labels: np.ndarray
    evaluation_batch: int = LARGE_ROWS_BATCH

    def _batches(self, picks: tf.data.Dataset) -> tf.data.Dataset:
        labels = tf.constant(self.labels)

        def batch(pick):
            inputs = tf.numpy_function(self._read, [pick], self._inputs.dtype)
            return tf.ensure_shape(inputs, [None, *self._inputs.shape[1:]]), tf.gather(labels, pick)

        return picks.map(batch).prefetch(1)

    def _read(self, pick: np.ndarray) -> np.ndarray:
        # Plain reads: the pages of a memory map would count as this process's memory.
        rows = np.empty((len(pick), *self._inputs.shape[1:]), self._inputs.dtype)
        with self.path.open("rb") as file:
            for place, row in enumerate(pick):
                file.seek(self._inputs.offset + int(row) * self._inputs[0].nbytes)
                if file.readinto(rows[place : place + 1].data) < rows[place].nbytes:
                    raise InputError(
                        f"{self.path} was cut short while it was read: run the command again with "
                        "--resume, which makes it anew."
                    )
        return rows

    @cached_property
    def _inputs(self) -> np.memmap:
        """What the file's header says: dtype, shape and where the rows begin; never read."""
        return np.load(self.path, mmap_mode="r")


@dataclass(frozen=True)
class StoredTextRows(TextRows):
    """Texts of which a model gets stored features in the place of the tokens, in the same batches.

    That is the features ``[rows, ...]``; or, ``per_token``, a dict of ``features``
    ``[rows, width, ...]``, 0 at padding, and ``attention_mask``. At ``path`` they lie as
    ``numpy.save`` writes them, ``[texts, ...]`` or ``[tokens, ...]``.
    """

    path: Path
    per_token: bool

    def inputs(self, rows: np.ndarray) -> np.ndarray | dict[str, np.ndarray]:
        """Return a batch of some rows, as a model gets them."""
        if not self.per_token:
            return self._features[rows]
        mask = super().inputs(rows)[MASK]
        features = np.zeros((*mask.shape, *self._features.shape[1:]), self._features.dtype)
        spans = zip(self.encoded.offsets[rows], self.encoded.offsets[rows + 1], strict=True)
        features[mask == 1] = np.concatenate([self._features[start:end] for start, end in spans])
        return {"features": features, MASK: mask}

    def _signature(self):
        shape, dtype = self._features.shape[1:], self._features.dtype
        if not self.per_token:
            return tf.TensorSpec([None, *shape], dtype)
        features = tf.TensorSpec([None, None, *shape], dtype)
        return {"features": features, MASK: super()._signature()[MASK]}

    @cached_property
    def _features(self) -> np.memmap:
        return np.load(self.path, mmap_mode="r")


Rows = Arrays | ArrayRows | StoredRows | TextRows


def as_rows(rows: Arrays | Given) -> ArrayRows | Given:
    """Make :class:`ArrayRows` of a pair of arrays; give back rows that are more than that."""
    return ArrayRows(rows[0], rows[1]) if isinstance(rows, tuple) else rows


def _in_the_callers_thread() -> tf.data.Options:
    """Gathering a batch from memory is too little work to hand to other threads."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.private_threadpool_size = 1
    options.threading.max_intra_op_parallelism = 1
    return options
