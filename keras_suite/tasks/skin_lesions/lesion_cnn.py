"""A plain convolutional network on small images of skin lesions."""

import keras
from keras import layers


def lesion_cnn(classes: int, *, dropout: float = 0.25, augment: bool = False) -> keras.Model:
    """Build three blocks of Conv 3 x 3 relu > MaxPool 2, Flatten, Dropout, Dense, Dropout, softmax.

    Report D names no layers; this is the plain network one would expect. With 7 classes it has
    241,735 parameters. ``augment`` puts :func:`augmentation` behind the scaling.

    Returns:
        An uncompiled model from images ``[n, 28, 28, 3]`` uint8 to class probabilities
        ``[n, classes]`` float32; the scaling by 1/255 is its first layer.
    """
    return keras.Sequential(
        [
            keras.Input((28, 28, 3), dtype="uint8", name="images"),
            layers.Rescaling(1 / 255),
            *([augmentation()] if augment else []),
            *(layer for filters in (32, 64, 128) for layer in _block(filters)),
            layers.Flatten(),
            layers.Dropout(dropout),
            layers.Dense(128, activation="relu"),
            layers.Dropout(dropout),
            layers.Dense(classes, activation="softmax", name="probabilities"),
        ],
        name="lesion_cnn",
    )


def augmentation() -> keras.Sequential:
    """Build random changes under which a lesion stays what it is, for a dermatoscope has no up.

    In training only, images are flipped in both directions and shifted by up to a tenth. No turns
    but by 180 degrees (both flips): the interpolation of others blurs so small images.
    """
    changes = layers.RandomFlip("horizontal_and_vertical"), layers.RandomTranslation(0.1, 0.1)
    return keras.Sequential(changes, name="augmentation")


def _block(filters: int) -> list[keras.Layer]:
    convolution = layers.Conv2D(filters, 3, padding="same", activation="relu")
    return [convolution, layers.MaxPooling2D(2)]
