"""Small pictures in rows."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from keras_suite.plots.style import subplots

COLUMNS = 6


def gallery(images: Sequence[np.ndarray] | np.ndarray, titles: list[str]) -> Figure:
    """Draw small pictures in rows, uint8 ``[n, height, width]`` or ``[n, height, width, 3]``."""
    figure, axes = subplots(max(1, -(-len(images) // COLUMNS)), COLUMNS, 1.6, 1.9)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, image, title in zip(axes.flat, images, titles, strict=False):
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        axis.set_title(title, fontsize=8)
    return figure


def most_confident_mistakes(
    images: np.ndarray, labels: np.ndarray, outputs: np.ndarray, class_names: Sequence[str]
) -> Figure:
    """Draw the images whose class a model was surest of and wrong about.

    Labels are ``[n]``, outputs probabilities ``[n, classes]``.
    """
    guess, sure = outputs.argmax(axis=1), outputs.max(axis=1)
    wrong: list[int] = [i for i in (-sure).argsort() if guess[i] != labels[i]][:24]
    titles = [f"{class_names[labels[i]]},\npredicted {class_names[guess[i]]}" for i in wrong]
    return gallery([images[i] for i in wrong], titles)


def before_and_after_resizing(
    images: np.ndarray, labels: np.ndarray, class_names: Sequence[str], size: int, most: int = 6
) -> Figure:
    """Draw an image ``[height, width, 3]`` uint8 of each class (of at most ``most``) twice.

    As it is, and as a model sees it that resizes it bilinearly to ``size`` pixels a side.
    """
    import tensorflow as tf

    pictures, titles = [], []
    for label, name in list(enumerate(class_names))[:most]:
        image = images[(labels == label).argmax()]
        seen = tf.image.resize(image / 255, [size] * 2).numpy()
        pictures += [image, seen]
        titles += [f"{name},\n{len(each)} x {len(each)}" for each in (image, seen)]
    return gallery(pictures, titles)
