"""What the reports put before and behind their image networks (report section 5)."""

import keras
from keras import layers


def scaled_images(image_size: int) -> tuple:
    """Begin a model with images scaled by 1/255 and resized bilinearly.

    Returns:
        The input, images ``[n, height, width, 3]`` uint8 of any one size, and the pixels
        ``[n, image_size, image_size, 3]`` from 0 to 1.
    """
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    x = layers.Rescaling(1 / 255)(images)  # first, because Resizing may round what is uint8
    return images, layers.Resizing(image_size, image_size, interpolation="bilinear")(x)


def dense_head(features: keras.KerasTensor, classes: int) -> keras.KerasTensor:
    """End a model: features ``[n, width]`` > Dense 256 relu > Dropout 0.5 > Dense softmax."""
    # Each draws its seed when it is made: the order decides the first weights.
    x = layers.Dense(256, activation="relu")(features)
    x = layers.Dropout(0.5)(x)
    return layers.Dense(classes, activation="softmax", name="probabilities", dtype="float32")(x)
