"""A small network with a frozen beginning and its rows, and what training its tail must do."""

import keras
import numpy as np

from keras_suite.training.fit import Fit, run_fit
from tests.training.fits import without_seconds

FROZEN = ["conv1", "norm1", "conv2", "norm2"]


def make_rows(count=60, seed=0):
    """Images of 8 x 8, of which class 1 is the brighter one."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = rng.integers(0, 150, (count, 8, 8, 3)) + 100 * labels[:, None, None, None]
    return images.astype("uint8"), labels


def make_net(seed=1, scale=1 / 255):
    """Two frozen convolutions, one of them residual; two layers that train, dropout before each.

    One activation layer stands on both sides of the cut.
    """
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    activation = layers.Activation("relu")

    def block(x, number):
        x = layers.Conv2D(4, 3, padding="same", name=f"conv{number}")(x)
        return layers.BatchNormalization(momentum=0.8, name=f"norm{number}")(x)

    images = keras.Input((8, 8, 3), dtype="uint8")
    first = activation(block(layers.Rescaling(scale)(images), 1))
    both = activation(layers.add([first, block(first, 2)]))
    x = layers.Dropout(0.3)(layers.MaxPooling2D()(both))
    x = activation(block(x, 3))
    x = layers.Dropout(0.3)(layers.Flatten()(x[:, 1:]))
    model = keras.Model(images, layers.Dense(2, activation="softmax", name="head")(x))
    for name in FROZEN:
        model.get_layer(name).trainable = False
    rng = np.random.default_rng(seed)
    for name in ("norm1", "norm2"):  # averages unlike those of any batch
        model.get_layer(name).set_weights(rng.uniform(0.2, 0.8, (4, 4)))
    return model


def make_fit(model, train, validation, epochs=3, name="fit"):
    """A fit of the network or of its tail; the last of a pass's batches is short."""
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.SGD(0.02, momentum=0.9), loss, metrics=["accuracy"])
    return Fit(name, model, train, validation, epochs, batch_size=7, seed=5)


def run(fit):
    """Train; return the losses of all steps and the history."""
    losses, callback = [], keras.callbacks.LambdaCallback
    note = callback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
    return losses, without_seconds(run_fit(fit, callbacks=[note]))


def assert_trains_alike(whole, tail, model, atol=1e-5, learnt=0.05):
    """A fit of a model's tail loses and measures what one of the whole does and learns as much."""
    (losses, history), (tail_losses, tail_history) = run(whole), run(tail)
    assert len(losses) == whole.steps
    assert np.allclose(tail_losses, losses, rtol=0, atol=1e-5)
    figures = [[[*entry.values()] for entry in each] for each in (history, tail_history)]
    assert np.allclose(*figures, rtol=0, atol=1e-5)
    for weight, other in zip(model.weights, whole.model.weights, strict=True):
        assert np.allclose(weight, other, rtol=0, atol=atol)
    assert history[0]["loss"] - history[-1]["loss"] > learnt  # there was something to learn
