"""What the reports put before and behind their image networks (report section 5)."""

import keras
from keras import layers

MEANS, DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue, from 0 to 1."""


def scaled_images(image_size: int, normalise: str = "none") -> tuple:
    """Begin a model with images scaled by 1/255 and resized bilinearly.

    With "imagenet" the channels are then centred and divided by ImageNet's deviations.

    Returns:
        The input, images ``[n, height, width, 3]`` uint8 of any one size, and the pixels
        ``[n, image_size, image_size, 3]`` float32, from 0 to 1 unless they are normalised.
    """
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    x = layers.Rescaling(1 / 255)(images)  # first, because Resizing may round what is uint8
    x = layers.Resizing(image_size, image_size, interpolation="bilinear")(x)
    if normalise == "imagenet":
        variances = [deviation**2 for deviation in DEVIATIONS]
        x = layers.Normalization(mean=MEANS, variance=variances, name="imagenet")(x)
    return images, x


def dense_head(features: keras.KerasTensor, classes: int) -> keras.KerasTensor:
    """End a model: features ``[n, width]`` > Dense 256 relu > Dropout 0.5 > Dense softmax."""
    # Each draws its seed when it is made: the order decides the first weights.
    x = layers.Dense(256, activation="relu")(features)
    x = layers.Dropout(0.5)(x)
    return layers.Dense(classes, activation="softmax", name="probabilities", dtype="float32")(x)
