"""Images that are changed at random in training."""

import keras


def augmented(network: keras.Model) -> keras.Model:
    """Put random flips and shifts before a network of images ``[n, height, width, 3]`` uint8.

    They do nothing outside training.
    """
    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    changed = keras.layers.RandomFlip("horizontal", name="flip")(images)
    changed = keras.layers.RandomTranslation(0.125, 0.125, name="shift")(changed)
    return keras.Model(images, network(changed))
