"""A multilayer perceptron on images."""

import keras
from keras import layers


def mlp(image_shape: tuple[int, ...], neurons: int, classes: int) -> keras.Model:
    """Build Flatten > Dense relu > Dense softmax (report D).

    With 28 x 28 images, 10 classes and the tuned 352 neurons it has 279,850 parameters.

    Args:
        image_shape: of one image.
        neurons: of the hidden layer.
        classes: how many.

    Returns:
        An uncompiled model from images ``[n, *image_shape]`` with values 0..255 to class
        probabilities ``[n, classes]`` float32; the scaling by 1/255 is its first layer.
    """
    return keras.Sequential(
        [
            keras.Input(image_shape, name="images"),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(neurons, activation="relu"),
            layers.Dense(classes, activation="softmax", name="probabilities"),
        ],
        name="mlp",
    )
