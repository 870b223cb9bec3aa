"""Balanced accuracy as a metric to compile a model with; Keras has none."""

from typing import Any

import keras

ops: Any = keras.ops


@keras.saving.register_keras_serializable("keras_suite")
class BalancedAccuracy(keras.metrics.Metric):
    """The mean over classes of the share of a class that is predicted right.

    It is the same as macro recall, and 1 / classes for a model that always predicts one class.
    Classes that did not come up are left out of the mean.
    """

    def __init__(self, classes: int, name: str = "balanced_accuracy", dtype: str | None = None):
        super().__init__(dtype=dtype, name=name)
        self.classes = classes
        self.rows = self.add_weight(shape=(classes,), initializer="zeros", name="rows")
        self.hits = self.add_weight(shape=(classes,), initializer="zeros", name="hits")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Count a batch: labels ``[n]`` and probabilities ``[n, classes]``; weights are ignored."""
        labels = ops.reshape(ops.cast(y_true, "int32"), [-1])
        true = ops.one_hot(labels, self.classes)
        right = ops.cast(ops.equal(labels, ops.argmax(y_pred, axis=-1)), true.dtype)
        self.rows.assign_add(ops.sum(true, axis=0))
        self.hits.assign_add(ops.sum(true * right[:, None], axis=0))

    def result(self):
        """Return the mean over the classes that came up."""
        recall = self.hits / ops.maximum(self.rows, 1)
        return ops.sum(recall) / ops.maximum(ops.sum(ops.sign(self.rows)), 1)

    def get_config(self):
        """Return what the constructor takes."""
        return super().get_config() | {"classes": self.classes}
