"""Images that are changed at random in training."""

import keras


def augmented(network: keras.Model) -> keras.Model:
    """Put random flips and shifts before a network; they do nothing outside training.

    Args:
        network: takes colour images ``[n, height, width, 3]`` uint8 of any size.
    """
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    changed = keras.layers.RandomFlip("horizontal", name="flip")(images)
    changed = keras.layers.RandomTranslation(0.125, 0.125, name="shift")(changed)
    return keras.Model(images, network(changed))
