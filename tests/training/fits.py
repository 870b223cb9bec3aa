"""Small fits for the tests of training."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_suite.data.length_buckets import TextRows
from keras_suite.data.tokens import Encoded
from keras_suite.training.fit import Fit, run_fit


def make_fit(epochs=4, seed=1, name="fit", rows=101, batch_size=8, units=6):
    """A small fit with dropout, batch normalisation, Adam and a last batch that is short."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 5)).astype("float32")
    y = (X[:, 0] + X[:, 1] ** 2 > 1).astype(int)
    dense, *others = layers.Dense(units, "relu"), layers.BatchNormalization(), layers.Dropout(0.4)
    model = keras.Sequential([keras.Input((5,)), dense, *others, layers.Dense(2, "softmax")])
    loss = "sparse_categorical_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"], steps_per_execution=4)
    return Fit(name, model, (X[:80], y[:80]), (X[80:], y[80:]), epochs, batch_size, seed)


def same_to_the_bit(first, second):
    variables = zip(first.model.variables, second.model.variables, strict=True)
    return all(np.array_equal(a, b) for a, b in variables)


def without_seconds(history):
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in history]


def make_text_rows(count, seed=0):
    """Texts of random tokens and lengths, half of them labelled 1."""
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(3, 30, count))])
    ids = rng.integers(1, 20, offsets[-1]).astype(np.int32)
    encoded = Encoded(ids, offsets, token_type_ids=None, max_length=30, truncated=0)
    return TextRows(encoded, np.arange(count) % 2, pad_id=0)


def make_text_fit(epochs=4, seed=1, steps_per_evaluation=5, measures=None):
    """A small fit on 50 texts, 7 steps a pass, with dropout and Adam."""
    keras.utils.set_random_seed(seed)
    names = ("input_ids", "attention_mask")
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    tokens = layers.Embedding(20, 6)(inputs["input_ids"])
    hidden = layers.GlobalAveragePooling1D()(tokens, mask=inputs["attention_mask"])
    model = keras.Model(inputs, layers.Dense(2, "softmax")(layers.Dropout(0.4)(hidden)))
    loss = "sparse_categorical_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"], steps_per_execution=2)
    rows = make_text_rows(50), make_text_rows(21, seed=1)
    return Fit("text", model, *rows, epochs, 8, seed, measures or {}, steps_per_evaluation)


class StopAt(keras.callbacks.Callback):
    """Stops a fit as a kill would, at a given batch of a given epoch (from 0)."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.stop_at = (epoch, batch)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) >= self.stop_at:
            raise KeyboardInterrupt


def assert_goes_on(make, state, *stops):
    """A fit killed at each of the stops in turn ends as an undisturbed one, which is returned."""
    undisturbed, resumed = make(), make()
    expected = run_fit(undisturbed)
    for stop in stops:
        with pytest.raises(KeyboardInterrupt):
            run_fit(make(), state, [StopAt(*stop)])
    history = run_fit(resumed, state)
    assert same_to_the_bit(undisturbed, resumed)
    assert without_seconds(history) == without_seconds(expected)
    return undisturbed
