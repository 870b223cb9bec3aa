"""Small pictures in rows."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from keras_suite.plots.style import subplots

MISTAKES = 24


def gallery(images: np.ndarray, titles: list[str], columns: int = 6) -> Figure:
    """Draw small pictures in rows.

    Args:
        images: grey ``[n, height, width]`` or coloured ``[n, height, width, 3]``, uint8.
        titles: a line or two above each.
        columns: pictures a row.
    """
    rows = max(1, -(-len(images) // columns))
    figure, axes = subplots(rows, columns, 1.6, 1.9)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, image, title in zip(axes.flat, images, titles, strict=False):
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        axis.set_title(title, fontsize=8)
    return figure


def most_confident_mistakes(
    images: np.ndarray, labels: np.ndarray, outputs: np.ndarray, class_names: Sequence[str]
) -> Figure:
    """Draw the images that a model was surest of and wrong about.

    Args:
        images: as :func:`gallery` takes them.
        labels: ``[n]``.
        outputs: probabilities ``[n, classes]``.
        class_names: of the labels.
    """
    guess, sure = outputs.argmax(axis=1), outputs.max(axis=1)
    wrong = [i for i in (-sure).argsort() if guess[i] != labels[i]][:MISTAKES]
    titles = [f"{class_names[labels[i]]},\npredicted {class_names[guess[i]]}" for i in wrong]
    return gallery([images[i] for i in wrong], titles)


def before_and_after_resizing(
    images: np.ndarray, labels: np.ndarray, class_names: Sequence[str], size: int, most: int = 6
) -> Figure:
    """Draw one image of each class as it is, and as a model that resizes it sees it.

    Args:
        images: coloured ``[n, height, width, 3]``, uint8.
        labels: ``[n]``.
        class_names: of the labels.
        size: pixels a side after bilinear resizing.
        most: classes to show.
    """
    import tensorflow as tf

    pictures, titles = [], []
    for label, name in list(enumerate(class_names))[:most]:
        image = images[(labels == label).argmax()]
        seen = tf.image.resize(image / 255, [size] * 2).numpy()
        pictures += [image, seen]
        titles += [f"{name},\n{len(each)} x {len(each)}" for each in (image, seen)]
    return gallery(pictures, titles)
