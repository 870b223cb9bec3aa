"""One fit for all: Keras' own, made resumable and the same to the bit for the same seed."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_suite.training.state import load_state, save_state

EVALUATION_BATCH = 8192
Arrays = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Fit:
    """A training run to be: a compiled model, its rows and how long to train.

    Args:
        name: unique within the run; names files and curves.
        model: built and compiled.
        train: inputs and targets, arrays with rows along the first axis.
        validation: likewise; measured after each epoch, never trained on.
        epochs: passes over ``train``.
        batch_size: rows a step.
        seed: of the order of the rows; epoch e of a seed always has the same order.
        measures: further figures of each epoch by name, each a function of the validation targets
            and outputs.
    """

    name: str
    model: keras.Model
    train: Arrays
    validation: Arrays
    epochs: int
    batch_size: int
    seed: int
    measures: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Training steps of all epochs."""
        return self.epochs * self.steps_per_epoch

    @property
    def steps_per_epoch(self) -> int:
        """Training steps of one epoch, the last of which may have fewer rows."""
        return -(-len(self.train[0]) // self.batch_size)


def run_fit(
    fit: Fit, state: Path | None = None, callbacks: Sequence[keras.callbacks.Callback] = ()
) -> list[dict]:
    """Train ``fit.model``, going on after the last finished epoch where ``state`` holds one.

    Args:
        fit: what to train.
        state: file that holds everything after each epoch; None keeps nothing.
        callbacks: further Keras callbacks.

    Returns:
        One entry an epoch: epoch (from 1), what the model was compiled to measure, the same on
        validation rows as ``val_*``, the fit's ``measures``, and seconds.
    """
    history = load_state(state, fit.model) if state and state.exists() else []
    if len(history) < fit.epochs:
        epoch = tf.Variable(len(history), dtype=tf.int64)
        fit.model.fit(
            _training_batches(fit, epoch),
            epochs=fit.epochs,
            initial_epoch=len(history),
            validation_data=_in_order(fit.validation),
            callbacks=[_Clock(epoch), _Measures(fit), *callbacks, _Recorder(history, state)],
            verbose=0,
            shuffle=False,  # the batches below are shuffled
        )
    return history


def _training_batches(fit: Fit, epoch: tf.Variable) -> tf.data.Dataset:
    """Batches in an order that depends on the seed and the epoch alone, so any epoch can be redone.

    ``epoch`` is read each time the dataset is iterated.
    """
    train = tuple(tf.constant(array) for array in fit.train)
    rows = tf.range(len(fit.train[0]))

    def batches(_):
        seed = tf.stack([tf.constant(fit.seed, tf.int64), epoch.read_value()])
        order = tf.random.experimental.stateless_shuffle(rows, seed=seed)
        picks = tf.data.Dataset.from_tensor_slices(order).batch(fit.batch_size)
        return picks.map(lambda pick: tuple(tf.gather(array, pick) for array in train))

    dataset = tf.data.Dataset.range(1).flat_map(batches)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(fit.steps_per_epoch))
    return dataset.with_options(_in_the_callers_thread())


def _in_order(arrays: Arrays) -> tf.data.Dataset:
    dataset = tf.data.Dataset.from_tensor_slices(arrays).batch(EVALUATION_BATCH)
    return dataset.with_options(_in_the_callers_thread())


def _in_the_callers_thread() -> tf.data.Options:
    """Gathering a batch from memory is too little work to hand to other threads."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.private_threadpool_size = 1
    options.threading.max_intra_op_parallelism = 1
    return options


class _Clock(keras.callbacks.Callback):
    """Tells the dataset which epoch it is, before Keras starts to iterate it."""

    def __init__(self, epoch: tf.Variable):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch.assign(epoch)


class _Measures(keras.callbacks.Callback):
    """Adds the fit's measures to what Keras measured, before the other callbacks see it."""

    def __init__(self, fit: Fit):
        super().__init__()
        self.fit = fit

    def on_epoch_end(self, epoch, logs=None):
        if self.fit.measures:
            inputs, targets = self.fit.validation
            outputs = self.model.predict(inputs, batch_size=EVALUATION_BATCH, verbose=0)
            logs |= {name: measure(targets, outputs) for name, measure in self.fit.measures.items()}


class _Recorder(keras.callbacks.Callback):
    """Comes last, so that an epoch is finished only when every callback has seen it."""

    def __init__(self, history: list[dict], state: Path | None):
        super().__init__()
        self.history = history
        self.state = state

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds = round(time.perf_counter() - self.started, 3)
        measured = {name: float(value) for name, value in logs.items()}
        self.history.append({"epoch": epoch + 1, **measured, "seconds": seconds})
        if self.state:
            save_state(self.state, self.model, self.history)
