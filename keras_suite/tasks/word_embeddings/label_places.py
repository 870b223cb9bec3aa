"""Places for the labels of points, so that they do not cover each other."""

import numpy as np

WIDTH, HEIGHT = 0.62, 1.25
"""Of a letter and of a line, in font sizes; near enough for the fonts of figures."""
# Right, left, above, below, then the corners: where the middle of a label lies around its point.
SIDES = np.array(
    [(1, 0), (-1, 0), (0, 1), (0, -1), (0.8, 0.8), (-0.8, 0.8), (0.8, -0.8), (-0.8, -0.8)]
)
REACHES = 1, 3, 5, 8
"""How many gaps away from its point a label may stand."""


def place_labels(
    points: np.ndarray, labels: list[str], size: float, taken: np.ndarray, gap: float = 7.0
) -> tuple[np.ndarray, np.ndarray]:
    """Find the middles of labels around their points, one label after the other.

    A label stands beside its point where it covers nothing there, else further away.

    Args:
        points: ``[n, 2]``, in typographic points (1/72 inch).
        labels: a line of text for each.
        size: of the font, in typographic points.
        taken: further points ``[m, 2]`` that no label should cover, such as places on lines.
        gap: between a point and the label beside it.

    Returns:
        Middles of the labels ``[n, 2]``, in typographic points, and which stand further away,
        ``[n]`` bool.
    """
    boxes = np.array([(len(label) * size * WIDTH, size * HEIGHT) for label in labels])
    avoid = np.concatenate([points, taken])
    middles, far = np.zeros((len(labels), 2)), np.zeros(len(labels), bool)
    for own in range(len(labels)):
        away = [SIDES * (boxes[own] / 2 + gap * reach) for reach in REACHES]
        choices = points[own] + np.concatenate(away)
        others = np.delete(avoid, own, axis=0)
        on_points = (np.abs(others - choices[:, None]) < boxes[own] / 2 + 4).all(axis=2)
        room = (boxes[own] + boxes[:own]) / 2 + (4, 0)
        on_labels = (np.abs(middles[:own] - choices[:, None]) < room).all(axis=2)
        choice = (on_points.sum(axis=1) + 3 * on_labels.sum(axis=1)).argmin()
        middles[own], far[own] = choices[choice], choice >= len(SIDES)
    return middles, far
