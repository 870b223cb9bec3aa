"""Small fits for the tests of training."""

import keras
import numpy as np

from keras_suite.training.fit import Fit


def make_fit(epochs=4, seed=1, name="fit", rows=101, batch_size=8, units=6):
    """A small fit with dropout, batch normalisation, Adam and a last batch that is short."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 5)).astype("float32")
    y = (X[:, 0] + X[:, 1] ** 2 > 1).astype(int)
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    loss = "sparse_categorical_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"], steps_per_execution=4)
    return Fit(name, model, (X[:80], y[:80]), (X[80:], y[80:]), epochs, batch_size, seed)


def weights(fit):
    return [np.asarray(variable) for variable in fit.model.variables]


def same_to_the_bit(first, second):
    return all(np.array_equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))


def without_seconds(history):
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in history]
