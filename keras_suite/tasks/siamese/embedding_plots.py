"""Figures of embeddings and of what they were learnt from."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_suite.plots.style import COLORS, subplots
from keras_suite.tasks.siamese.retrieval import NEIGHBOURS, nearest_others

PERPLEXITY = 30


def tsne_maps(
    embeddings: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]], classes: Sequence[str]
) -> Figure:
    """Draw embeddings in the plane by t-SNE (van der Maaten & Hinton, 2008).

    Args:
        embeddings: labels ``[n]`` and vectors ``[n, size]`` by model (a column) and part (a row).
        classes: the names of the labels, at most 10.
    """
    parts = next(iter(embeddings.values()))
    figure, axes = subplots(len(parts), len(embeddings), 3.1, 3.1)
    tab10: Any = mpl.colormaps["tab10"]
    for column, (model, by_part) in enumerate(embeddings.items()):
        for row, (part, (labels, vectors)) in enumerate(by_part.items()):
            points, axis = _tsne(vectors), axes[row, column]
            for label, name in enumerate(classes):
                some = points[labels == label]
                axis.scatter(*some.T, s=5, color=tab10.colors[label], label=name, linewidths=0)
            axis.set(title=f"{model}\n{part}", xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
    beside = {"loc": "outside right center", "markerscale": 4, "handletextpad": 0}
    figure.legend(*axes[0, 0].get_legend_handles_labels(), frameon=False, **beside)
    return figure


def zero_loss_shares(histories: Mapping[str, list[dict]]) -> Figure:
    """Draw which share of the training triplets costs nothing and so teaches nothing, per epoch.

    A fit's entries have ``zero_loss``, of the triplets trained on, and, where these were mined,
    ``zero_loss_of_all``, of all triplets of the batches.
    """
    figure, axes = subplots(1, 1, 6.4, 3.8)
    axis = axes[0, 0]
    kinds = ("zero_loss", "-", "trained on"), ("zero_loss_of_all", "--", "all in its batches")
    for color, (name, history) in zip(COLORS, histories.items(), strict=False):
        epochs = [entry["epoch"] for entry in history]
        for key, line, what in (kind for kind in kinds if kind[0] in history[0]):
            values = [entry[key] for entry in history]
            axis.plot(epochs, values, line, color=color, marker="o", label=f"{name}: {what}")
    axis.set(xlabel="epoch", ylabel="share of triplets with zero loss", ylim=(-0.03, 1.03))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def nearest_images(
    images: np.ndarray,
    labels: np.ndarray,
    embeddings: np.ndarray,
    classes: Sequence[str],
    right: int = 2,
    wrong: int = 4,
) -> Figure:
    """Draw images and, beside each, those nearest to it; those of another class have a red title.

    The images are grey ``[n, height, width]`` uint8; shown are the first ``right`` ones whose
    nearest in the embeddings ``[n, size]`` is of their class, and the first ``wrong`` others.
    """
    nearest = nearest_others(embeddings, NEIGHBOURS)
    is_right = labels[nearest[:, 0]] == labels
    queries = [*np.flatnonzero(is_right)[:right], *np.flatnonzero(~is_right)[:wrong]]
    figure, axes = subplots(len(queries), 1 + NEIGHBOURS, 1.2, 1.4)
    for row, query in zip(axes, queries, strict=True):
        for axis, shown in zip(row, [query, *nearest[query]], strict=True):
            name = classes[int(labels[shown])]
            axis.imshow(images[shown], cmap="gray", vmin=0, vmax=255)
            axis.set_axis_off()
            color = "black" if labels[shown] == labels[query] else COLORS[1]
            axis.set_title(f"query: {name}" if shown == query else name, color=color)
    return figure


def _tsne(vectors: np.ndarray) -> np.ndarray:
    """Return points ``[n, 2]``, the same to the bit for the same vectors."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    # Several threads would add up in any order, and wait for each other thousands of times.
    with threadpool_limits(1):
        return TSNE(perplexity=perplexity, random_state=0).fit_transform(vectors)
