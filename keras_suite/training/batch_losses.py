"""The loss of each training step; Keras itself shows the mean of the epoch so far."""

from collections.abc import Callable

import keras


@keras.saving.register_keras_serializable("keras_suite")
class BatchLoss(keras.metrics.MeanMetricWrapper):
    """A metric: the loss ``fn`` of the last batch alone, from labels and outputs to ``[rows]``."""

    def __init__(self, fn: Callable, name: str = "batch_loss", dtype: str | None = None):
        super().__init__(fn, name, dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Forget the batch before."""
        self.reset_state()
        super().update_state(y_true, y_pred, sample_weight)


class BatchLosses(keras.callbacks.Callback):
    """Gathers what :class:`BatchLoss` measures into the list ``batch_losses`` of an epoch's logs.

    Callbacks that expect numbers there must come before.
    """

    def on_epoch_begin(self, epoch, logs=None):
        """Start a list."""
        self.losses = []

    def on_train_batch_end(self, batch, logs):
        """Add the batch's loss."""
        self.losses.append(logs["batch_loss"])

    def on_epoch_end(self, epoch, logs):
        """Put the list into the logs, in the place of the last batch's loss."""
        logs["batch_losses"] = self.losses
        del logs["batch_loss"]
