"""Figures of the loss of each training step."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from keras_suite.plots.common import COLORS, subplots


def batch_losses(losses: Sequence[float], mean_of: int = 100) -> Figure:
    """Draw the means of every so many steps, and beside them every step as a point.

    Args:
        losses: of all steps in their order, at least one.
        mean_of: steps a mean, or a quarter of all where that is less; the last has what is left.
    """
    mean_of = min(mean_of, -(-len(losses) // 4))
    figure, axes = subplots(1, 2, 4.6, 3.4)
    means, points = axes[0]
    steps, starts = np.arange(1, len(losses) + 1), np.arange(0, len(losses), mean_of)
    counts = np.diff(starts, append=len(losses))
    ends = starts + counts
    means.plot(ends, np.add.reduceat(losses, starts) / counts, marker="o", markersize=4)
    means.set(title=f"mean of every {mean_of:,} batches", ylabel="training loss")
    points.scatter(steps, losses, s=6, alpha=0.5, color=COLORS[0], linewidths=0)
    points.set(title="every batch")
    for axis in axes[0]:
        axis.set(xlabel="batch", xlim=(0, None), ylim=(0, 1.05 * max(losses)))
    return figure
