"""Images to learn embeddings from: random triplets, or batches of a few classes."""

from abc import ABC, abstractmethod
from collections.abc import Sized
from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf

from keras_suite.tasks.siamese.by_class import RowsByClass
from keras_suite.tasks.siamese.siamese import tower_of

EMBEDDED_AT_ONCE = 256
VALIDATION_SEED = 0


@dataclass(frozen=True)
class EmbeddedRows(Sized):
    """Labelled images of which a model's embeddings are asked for.

    Args:
        images: ``[n, height, width]`` uint8.
        labels: ``[n]`` int64.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        """The number of images."""
        return len(self.labels)

    def first(self, count: int) -> "EmbeddedRows":
        """Return the first images, or all where there are fewer."""
        return EmbeddedRows(self.images[:count], self.labels[:count])

    def predict(self, model: keras.Model) -> np.ndarray:
        """Return the embeddings ``[n, size]`` that the model's tower makes of the images."""
        tower = tower_of(model)
        return tower.predict(self.images, batch_size=EMBEDDED_AT_ONCE, verbose=0)


@dataclass(frozen=True)
class _DrawnRows(EmbeddedRows, ABC):
    """Images out of which batches are drawn at random, each by a seed and its number alone.

    Args:
        evaluation_batch: size of the batches that are measured after each epoch.

    Raises:
        InputError: where such batches cannot be drawn.
    """

    evaluation_batch: int

    def __post_init__(self):
        self.draw(self.evaluation_batch, np.random.default_rng(0))

    @abstractmethod
    def draw(self, batch_size: int, rng: np.random.Generator) -> np.ndarray:
        """Return the row numbers of a batch, ``[batch_size, ...]``."""

    @abstractmethod
    def batch(self, rows: np.ndarray) -> tuple:
        """Return inputs and labels of the rows drawn."""

    @abstractmethod
    def _signature(self) -> tuple:
        """Return specifications of what :meth:`batch` does."""

    def training_batches(
        self, batch_size: int, seed: int, first_step: tf.Variable, steps: int
    ) -> tf.data.Dataset:
        """Give batches out of an endless stream, any part of it anew.

        Args:
            batch_size: see :meth:`draw`.
            seed: with its number it decides what a batch holds.
            first_step: the stream's batches left out before, int64; read each time the dataset is
                iterated.
            steps: how many batches the dataset has.
        """

        def batches():
            first = int(first_step.numpy())
            for step in range(first, first + steps):
                yield self.batch(self.draw(batch_size, np.random.default_rng([seed, step])))

        dataset = tf.data.Dataset.from_generator(batches, output_signature=self._signature())
        return dataset.apply(tf.data.experimental.assert_cardinality(steps))

    def validation_data(self) -> tf.data.Dataset:
        """Give the same batches every time, as many as the images fill."""
        steps = -(-len(self) // self.evaluation_batch)
        start = tf.Variable(0, dtype=tf.int64)
        return self.training_batches(self.evaluation_batch, VALIDATION_SEED, start, steps)

    @cached_property
    def _by_class(self) -> RowsByClass:
        return RowsByClass(self.labels)

    def _specification(self) -> tf.TensorSpec:
        return tf.TensorSpec([None, *self.images.shape[1:]], self.images.dtype)


@dataclass(frozen=True)
class TripletRows(_DrawnRows):
    """Random triplets: a batch is a dict of anchor, positive and negative images, and zeros."""

    def draw(self, batch_size: int, rng: np.random.Generator) -> np.ndarray:
        """Return row numbers ``[batch_size, 3]``."""
        return self._by_class.triplets(batch_size, rng)

    def batch(self, rows: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Return three sets of images ``[batch_size, height, width]``, and their labels, zeros."""
        names = "anchor", "positive", "negative"
        inputs = {name: self.images[each] for name, each in zip(names, rows.T, strict=True)}
        return inputs, np.zeros(len(rows), np.float32)

    def _signature(self) -> tuple:
        names = "anchor", "positive", "negative"
        inputs = {name: self._specification() for name in names}
        return inputs, tf.TensorSpec([None], tf.float32)


@dataclass(frozen=True)
class ClassRows(_DrawnRows):
    """Batches of a few classes with as many images of each, and their labels.

    Args:
        classes_per_batch: how many; a batch size must be a multiple of it.
    """

    classes_per_batch: int

    def draw(self, batch_size: int, rng: np.random.Generator) -> np.ndarray:
        """Return row numbers ``[batch_size]``."""
        images = batch_size // self.classes_per_batch
        return self._by_class.batch(self.classes_per_batch, images, rng)

    def batch(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return images ``[batch_size, height, width]`` and their labels."""
        return self.images[rows], self.labels[rows]

    def _signature(self) -> tuple:
        return self._specification(), tf.TensorSpec([None], self.labels.dtype)
