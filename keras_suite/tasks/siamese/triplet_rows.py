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
    """Images ``[n, height, width]`` uint8, their labels ``[n]`` int64, and their embeddings."""

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
        return tower_of(model).predict(self.images, batch_size=EMBEDDED_AT_ONCE, verbose=0)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True)
class _DrawnRows(EmbeddedRows, ABC):
    """Images out of which batches are drawn at random, each by a seed and its number alone.

    Batches of the size ``evaluation_batch`` are measured after each epoch.

    Raises:
        InputError: where such batches cannot be drawn.
    """

    evaluation_batch: int

    def __post_init__(self):
        self._signature()  # where no batch can be drawn, that is refused at once

    @abstractmethod
    def batch(self, batch_size: int, rng: np.random.Generator) -> tuple:
        """Draw a batch; return its inputs and labels."""

    def training_batches(
        self, batch_size: int, seed: int, first_step: tf.Variable, steps: int
    ) -> tf.data.Dataset:
        """Give ``steps`` batches out of an endless stream, each a function of seed and number.

        ``first_step`` (int64), the stream's batches left out before, is read each time the dataset
        is iterated.
        """

        def batches():
            first = int(first_step.numpy())
            for step in range(first, first + steps):
                yield self.batch(batch_size, np.random.default_rng([seed, step]))

        dataset = tf.data.Dataset.from_generator(batches, output_signature=self._signature())
        return dataset.apply(tf.data.experimental.assert_cardinality(steps))

    def validation_data(self) -> tf.data.Dataset:
        """Give the same batches every time, as many as the images fill."""
        size, start = self.evaluation_batch, tf.Variable(0, dtype=tf.int64)  # pyright: ignore[reportArgumentType]
        return self.training_batches(size, VALIDATION_SEED, start, -(-len(self) // size))

    @cached_property
    def _by_class(self) -> RowsByClass:
        return RowsByClass(self.labels)

    def _signature(self):
        batch = self.batch(self.evaluation_batch, np.random.default_rng(0))
        return keras.tree.map_structure(
            lambda x: tf.TensorSpec([None, *x.shape[1:]], x.dtype), batch
        )


@dataclass(frozen=True)
class TripletRows(_DrawnRows):
    """Random triplets: a batch is a dict of anchor, positive and negative images, and zeros."""

    def batch(self, batch_size: int, rng: np.random.Generator) -> tuple[dict, np.ndarray]:
        """Draw three sets of images ``[batch_size, height, width]``, and their labels, zeros."""
        rows = self._by_class.triplets(batch_size, rng)
        names = "anchor", "positive", "negative"
        inputs = {name: self.images[each] for name, each in zip(names, rows.T, strict=True)}
        return inputs, np.zeros(batch_size, np.float32)


@dataclass(frozen=True)
class ClassRows(_DrawnRows):
    """Batches of as many images of each of ``classes_per_batch`` classes, and their labels."""

    classes_per_batch: int

    def batch(self, batch_size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw images ``[batch_size, height, width]`` and their labels."""
        images = batch_size // self.classes_per_batch
        rows = self._by_class.batch(self.classes_per_batch, images, rng)
        return self.images[rows], self.labels[rows]
