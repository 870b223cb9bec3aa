"""One fit for all: Keras' own, made resumable and the same to the bit for the same seed."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_suite.errors import InputError
from keras_suite.training.batch_losses import BatchLosses
from keras_suite.training.rows import Rows, as_rows
from keras_suite.training.state import State


class Diverged(InputError):  # noqa: N818 - as the field calls it
    """A loss is no finite number any more, and nothing can be learnt from it."""


@dataclass(frozen=True)
class Fit:
    """A training run to be: a compiled model, its rows and how long to train.

    Args:
        name: unique within the run; names files and curves.
        model: built and compiled.
        train: inputs and labels, arrays with rows along the first axis, or ``TextRows``.
        validation: such rows, measured after each epoch, never trained on.
        batch_size: rows a step.
        seed: of the order of the rows; epoch e of a seed always has the same order.
        measures: further figures of each epoch by name, each a function of the validation labels
            and outputs; for ``TextRows`` there are no others.
        steps_per_evaluation: training steps of an epoch, whose borders then need not be those of
            the passes over ``train``; None makes each epoch one pass.
        keeps_batch_losses: whether an epoch's entry also has ``batch_losses``, a list of the loss
            of each step; the model must be compiled with a ``BatchLoss`` to measure it.
    """

    name: str
    model: keras.Model
    train: Rows
    validation: Rows
    epochs: int
    batch_size: int
    seed: int
    measures: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = field(default_factory=dict)
    steps_per_evaluation: int | None = None
    keeps_batch_losses: bool = False

    @property
    def steps(self) -> int:
        """Training steps of all epochs."""
        return self.epochs * self.steps_per_epoch

    @property
    def steps_per_epoch(self) -> int:
        """Training steps of one epoch; the last of a pass may have fewer rows."""
        return self.steps_per_evaluation or -(-len(as_rows(self.train)) // self.batch_size)


def run_fit(
    fit: Fit, state: Path | None = None, callbacks: Sequence[keras.callbacks.Callback] = ()
) -> list[dict]:
    """Train ``fit.model``, going on after the last finished epoch where ``state`` holds one.

    The file ``state`` holds everything after each epoch; None keeps nothing.

    Returns:
        One entry an epoch: epoch (from 1), what the model was compiled to measure, the same on
        validation rows as ``val_*`` where they are arrays, the fit's ``measures``, and seconds.

    Raises:
        InputError: where ``state`` is of another model, or of one with other frozen weights.
        Diverged: at the first loss that is not finite.
    """
    saved = State(state, fit.model) if state else None
    history = saved.load() if saved else []
    if len(history) < fit.epochs:
        steps, first_step = fit.steps_per_epoch, tf.Variable(0, dtype=tf.int64)  # pyright: ignore[reportArgumentType]
        first = _Measures(fit, first_step)
        losses = [BatchLosses()] if fit.keeps_batch_losses else []
        fit.model.fit(  # iterates the batches anew for each epoch
            as_rows(fit.train).training_batches(fit.batch_size, fit.seed, first_step, steps),
            epochs=fit.epochs,
            initial_epoch=len(history),
            validation_data=as_rows(fit.validation).validation_data(),
            callbacks=[first, *callbacks, *losses, _Recorder(history, saved)],
            verbose=0,
            shuffle=False,  # the batches are
        )
    return history


class _Measures(keras.callbacks.Callback):
    """Comes first, so that the others see all figures, and none by weights that are lost."""

    def __init__(self, fit: Fit, first_step: tf.Variable):
        super().__init__()
        self.fit, self.first_step = fit, first_step

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1
        self.first_step.assign(epoch * self.fit.steps_per_epoch)

    def on_train_batch_end(self, batch, logs):
        self._require_finite(logs)

    def on_epoch_end(self, epoch, logs):
        self._require_finite(logs)
        if self.fit.measures:
            rows = as_rows(self.fit.validation)
            outputs = rows.predict(self.fit.model)
            measures = self.fit.measures.items()
            logs |= {name: measure(rows.labels, outputs) for name, measure in measures}
            self._require_finite(logs)

    def _require_finite(self, logs: dict) -> None:
        for name in ("loss", "val_loss"):
            if not math.isfinite(loss := logs.get(name, 0.0)):
                rate = float(self.fit.model.optimizer.learning_rate)  # pyright: ignore[reportArgumentType]
                raise Diverged(
                    f"{self.fit.name} diverged: in epoch {self.epoch} its {name} is {loss}, at a "
                    f"learning rate of {rate:g}: train with a lower one."
                )


class _Recorder(keras.callbacks.Callback):
    """Comes last, so that an epoch is finished only when every callback has seen it."""

    def __init__(self, history: list[dict], state: State | None):
        super().__init__()
        self.history, self.state = history, state

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs):
        seconds = round(time.perf_counter() - self.started, 3)
        measured = {k: v if isinstance(v, list) else float(v) for k, v in logs.items()}
        self.history.append({"epoch": epoch + 1, **measured, "seconds": seconds})
        if self.state:
            self.state.save(self.history)
