"""Words beside the points of a plane, so that they do not cover each other."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

# Where the middle of a label lies around its point, and how many gaps away it may stand.
SIDES = (1, 0), (-1, 0), (0, 1), (0, -1), (0.8, 0.8), (-0.8, 0.8), (0.8, -0.8), (-0.8, -0.8)
GAP, REACHES = 10, (1, 3, 5, 8)


def label_points(axis: Axes, points: np.ndarray, words: list[str], taken: np.ndarray) -> None:
    """Write words ``[n]`` beside points ``[n, 2]``; those that stand further away with a line.

    No word should cover a point or what is ``taken``, further points ``[m, 2]``.
    """
    axis.figure.draw_without_rendering()  # only then is it known where points and texts lie
    avoid = axis.transData.transform(np.concatenate([points, taken]))
    line = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 4}
    style = {"size": 8, "path_effects": [withStroke(linewidth=2, foreground="white")], "zorder": 4}
    middle = {"textcoords": "offset points", "ha": "center", "va": "center"}
    boxes: list[Bbox] = []
    for word, point, start in zip(words, points, avoid, strict=False):
        text = axis.annotate(word, point, (0, 0), **middle, **style)
        half = np.array(text.get_window_extent().size) / 2
        moves = np.concatenate([SIDES * (half + GAP * reach) for reach in REACHES])
        around = [Bbox([start + move - half - 4, start + move + half + 4]) for move in moves]
        clashes = [box.count_contains(avoid) + 3 * box.count_overlaps(boxes) for box in around]
        best = int(np.argmin(clashes))
        boxes.append(around[best].padded(-4))
        move = moves[best] * 72 / axis.figure.dpi
        text.set_position(move)
        if best >= len(SIDES):
            axis.annotate("", point, move, textcoords="offset points", arrowprops=line)
