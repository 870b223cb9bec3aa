"""Rows whose rare classes count for more in training than there are of them."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from keras_suite.training.rows import ArrayRows


@dataclass(frozen=True)
class ClassBalancedRows(ArrayRows):
    """Rows of arrays, drawn or weighted by class in training; measured and predicted as they are.

    With ``sampling + weighting == 1`` every class has the same part in the loss on average.

    Args:
        sampling: 0 passes over all rows as :class:`ArrayRows` does. From there to 1, each row of a
            batch is drawn anew, those of a class of c rows with a probability proportional to
            ``c ** -sampling``: at 1 all classes come up equally often.
        weighting: the loss of a row of a class of c rows is multiplied by ``c ** -weighting``, and
            by a factor for all that makes the mean over the drawn rows 1.
    """

    sampling: float = 0.0
    weighting: float = 0.0

    def training_batches(
        self, batch_size: int, seed: int, first_step: tf.Variable, steps: int
    ) -> tf.data.Dataset:
        """Give batches as :meth:`ArrayRows.training_batches` does, with the weights of the rows.

        Where rows are drawn, a batch is a function of ``seed`` and its number alone.
        """
        batches = super().training_batches(batch_size, seed, first_step, steps)
        if not self.weighting:
            return batches
        counts = np.bincount(self.labels)
        weights = np.where(counts > 0, np.maximum(counts, 1) ** -float(self.weighting), 0)
        weights /= weights[self.labels] @ self._probabilities
        by_class = tf.constant(weights, tf.float32)
        return batches.map(lambda inputs, labels: (inputs, labels, tf.gather(by_class, labels)))

    def _picks(self, batch_size: int, seed: int, first_step: tf.Tensor) -> tf.data.Dataset:
        if not self.sampling:
            return super()._picks(batch_size, seed, first_step)
        up_to = self._probabilities.cumsum()
        ends = tf.constant(up_to / up_to[-1])

        def pick(step):
            step_seed = tf.stack([tf.constant(seed, tf.int64), step])
            places = tf.random.stateless_uniform([batch_size], step_seed, dtype=tf.float64)
            return tf.searchsorted(ends, places, side="right")

        return tf.data.Dataset.counter(first_step).map(pick)

    @property
    def _probabilities(self) -> np.ndarray:
        """Return the probability of each row to be the next one, ``[n]``."""
        odds = np.bincount(self.labels)[self.labels] ** -float(self.sampling)
        return odds / odds.sum()
