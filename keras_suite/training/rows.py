"""Rows as a fit needs them: arrays here, pairs of texts in ``keras_suite.data.length_buckets``."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from keras_suite.data.length_buckets import TextRows
from keras_suite.data.split import Rows

EVALUATION_BATCH = 8192


@dataclass(frozen=True)
class ArrayRows:
    """Arrays with rows along the first axis; what :class:`TextRows` can do, for them.

    Args:
        inputs: ``[n, ...]``.
        labels: ``[n, ...]``.
    """

    inputs: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.inputs)

    def training_batches(
        self, batch_size: int, seed: int, first_step: tf.Variable, steps: int
    ) -> tf.data.Dataset:
        """Give batches out of an endless stream of passes over all rows, any part of it anew.

        The order of a pass is a function of ``seed`` and the pass's number alone.

        Args:
            batch_size: rows of a batch; the last of a pass may have fewer.
            seed: of the order.
            first_step: the stream's batches left out before, int64; read each time the dataset is
                iterated.
            steps: how many batches the dataset has.
        """
        arrays = tuple(tf.constant(array) for array in (self.inputs, self.labels))
        rows = tf.range(len(self))
        steps_per_pass = -(-len(self) // batch_size)

        def picks_of(pass_number):
            pass_seed = tf.stack([tf.constant(seed, tf.int64), pass_number])
            order = tf.random.experimental.stateless_shuffle(rows, seed=pass_seed)
            return tf.data.Dataset.from_tensor_slices(order).batch(batch_size)

        def picks(_):
            first = first_step.read_value()
            passes = tf.data.Dataset.counter(first // steps_per_pass)
            return passes.flat_map(picks_of).skip(first % steps_per_pass).take(steps)

        dataset = tf.data.Dataset.range(1).flat_map(picks)
        dataset = dataset.map(lambda pick: tuple(tf.gather(array, pick) for array in arrays))
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(steps))
        return dataset.with_options(_in_the_callers_thread())

    def validation_data(self) -> tf.data.Dataset:
        """Give all rows in order, for Keras to measure after each epoch."""
        dataset = tf.data.Dataset.from_tensor_slices((self.inputs, self.labels))
        return dataset.batch(EVALUATION_BATCH).with_options(_in_the_callers_thread())

    def predict(self, model: keras.Model) -> np.ndarray:
        """Return the model's outputs ``[n, ...]``."""
        return model.predict(self.inputs, batch_size=EVALUATION_BATCH, verbose=0)


def as_rows(rows: Rows) -> ArrayRows | TextRows:
    """Make :class:`ArrayRows` of a pair of arrays; give back rows that are more than that."""
    return ArrayRows(*rows) if isinstance(rows, tuple) else rows


def _in_the_callers_thread() -> tf.data.Options:
    """Gathering a batch from memory is too little work to hand to other threads."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.private_threadpool_size = 1
    options.threading.max_intra_op_parallelism = 1
    return options
