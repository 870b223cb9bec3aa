"""A convolutional tower that embeds images, and the triplet network around it (report D)."""

import keras
from keras import layers

from keras_suite.tasks.siamese.triplet import MARGIN, triplet_loss

TOWER = "tower"


def embedding_tower(image_shape: tuple[int, int], size: int) -> keras.Model:
    """Build 3 x Conv2D 32 relu > MaxPool > Flatten > Dense 128 relu > Dense > unit vectors.

    The report gives neither the kernels (here 3 x 3) nor the size of the embedding, and does not
    say whether it is normalised. It is here: distances then lie between 0 and 4, so that the
    margin means the same throughout the training, which could else meet it by growing.

    Returns:
        An uncompiled model from grey images ``[n, height, width]`` uint8 to embeddings
        ``[n, size]`` float32 of length 1; the scaling by 1/255 is its first layer.
    """
    return keras.Sequential(
        [
            keras.Input(image_shape, dtype="uint8", name="images"),
            layers.Rescaling(1 / 255),
            layers.Reshape((*image_shape, 1)),
            *(layers.Conv2D(32, 3, activation="relu") for _ in range(3)),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(size),
            layers.UnitNormalization(),
        ],
        name=TOWER,
    )


def triplet_network(tower: keras.Model, margin: float = MARGIN) -> keras.Model:
    """Put the three images of a triplet through one tower and its embeddings into the loss.

    Returns:
        An uncompiled model, which shares the tower's weights, from a dict of ``anchor``,
        ``positive`` and ``negative`` images to the losses ``[n]``.
    """
    names = "anchor", "positive", "negative"
    images = {name: keras.Input(tower.input_shape[1:], dtype="uint8", name=name) for name in names}
    embeddings = [tower(each) for each in images.values()]
    loss = layers.Lambda(triplet_loss, arguments={"margin": margin}, name="triplet_loss")
    return keras.Model(images, loss(embeddings), name="triplet_network")


def tower_of(model: keras.Model) -> keras.Model:
    """Return the tower of a triplet network; a tower is its own."""
    return model if model.name == TOWER else model.get_layer(TOWER)
