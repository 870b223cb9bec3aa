"""A plain convolutional network on small images of skin lesions."""

import keras
from keras import layers


def lesion_cnn(
    classes: int,
    *,
    image_shape: tuple[int, int, int] = (28, 28, 3),
    filters: tuple[int, int, int] = (32, 64, 128),
    dense_units: int = 128,
    dropout: float = 0.25,
    augment: bool = False,
) -> keras.Model:
    """Build three blocks of Conv 3 x 3 relu > MaxPool 2, Flatten, Dropout, Dense, Dropout, softmax.

    Report D names no layers; this is the plain network one would expect. With the default sizes
    and 7 classes it has 241,735 parameters.

    Args:
        classes: how many.
        image_shape: height, width, channels.
        filters: of the three convolutions.
        dense_units: of the hidden layer.
        dropout: rate before and after it.
        augment: put :func:`augmentation` behind the scaling.

    Returns:
        An uncompiled model from images ``[n, *image_shape]`` uint8 to class probabilities
        ``[n, classes]`` float32; the scaling by 1/255 is its first layer.
    """
    return keras.Sequential(
        [
            keras.Input(image_shape, dtype="uint8", name="images"),
            layers.Rescaling(1 / 255),
            *([augmentation()] if augment else []),
            *(layer for each in filters for layer in _block(each)),
            layers.Flatten(),
            layers.Dropout(dropout),
            layers.Dense(dense_units, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(classes, activation="softmax", name="probabilities"),
        ],
        name="lesion_cnn",
    )


def augmentation() -> keras.Sequential:
    """Build random changes under which a lesion stays what it is, for a dermatoscope has no up.

    No turns but by 180 degrees (both flips): the interpolation of others blurs so small images.

    Returns:
        A layer from images ``[n, height, width, 3]`` to the same, changed in training only: flips
        in both directions, shifts by up to a tenth.
    """
    return keras.Sequential(
        [layers.RandomFlip("horizontal_and_vertical"), layers.RandomTranslation(0.1, 0.1)],
        name="augmentation",
    )


def _block(filters: int) -> list[keras.Layer]:
    return [
        layers.Conv2D(filters, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
    ]
