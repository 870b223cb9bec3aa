"""Figures of unbalanced classes, each class for itself."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from keras_suite.metrics.classification import class_report
from keras_suite.plots.classes import Predictions, roc_panel
from keras_suite.plots.style import MANY_COLORS, subplots

MARKERS = "osD^vP*X"


def roc_by_class(parts: Mapping[str, Predictions], classes: Sequence[str]) -> Figure:
    """Draw the ROC curve of each class against the rest, a panel for each part.

    A class without rows, or with all, has no curve, and the legend says so.
    """
    figure, axes = subplots(1, len(parts), 4.0, 5.0)
    for axis, (part, (y, p)) in zip(axes[0], parts.items(), strict=True):
        roc_panel(axis, {name: (y == i, p[:, i]) for i, name in enumerate(classes)}, part)
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.14), "ncols": 2}
        axis.legend(frameon=False, title="area under the curve", **below)
    return figure


def rates_by_class(
    models: Mapping[str, Mapping[str, Predictions]],
    classes: Sequence[str],
    rate: str,
    reported: Mapping[str, Sequence[float]],
) -> Figure:
    """Draw a figure of each class as dots, a mark for each model, a panel for each part.

    The ``rate`` is precision, recall, f1 or auc; a class without rows has no dots. What is
    ``reported`` has, for some of the parts, a value for each class, drawn as lines.
    """
    parts = list(next(iter(models.values())))
    figure, axes = subplots(len(parts), 1, max(6.0, 1.3 * len(classes)), 2.6)
    places = np.arange(len(classes))
    aside = 0.12 * (np.arange(len(models)) - (len(models) - 1) / 2)
    for axis, part in zip(axes[:, 0], parts, strict=True):
        for i, (name, predictions) in enumerate(models.items()):
            values = class_report(*predictions[part])[rate]
            mark = {"color": MANY_COLORS[i], "marker": MARKERS[i], "linestyle": "none"}
            axis.plot(places + aside[i], values, label=name, **mark)
        if part in reported:
            axis.hlines(reported[part], places - 0.36, places + 0.36, "0.3", label="reported")
        for border in places[1:] - 0.5:
            axis.axvline(border, color="0.9", linewidth=1)
        axis.set_xticks(places, classes)
        axis.set(title=part, ylabel=rate, ylim=(-0.04, 1.04), xlim=(-0.5, len(classes) - 0.5))
    axes[0, 0].legend(frameon=False, ncols=6, loc="lower left", bbox_to_anchor=(-0.02, 1.12))
    return figure


def points_of(results: Iterable[Mapping], intervals: str) -> dict[str, dict[str, float]]:
    """Return each model's test figures, with its group ``intervals``, for the figure below."""
    points: dict[str, dict[str, float]] = {}
    for row in results:
        if row.get("split") == "test" and row.get("group") in (None, intervals):
            points.setdefault(row["model"], {})[row["metric"]] = row["reproduced"]
    return points


def largest_class(labels: np.ndarray) -> dict[str, tuple[float, float]]:
    """Return accuracy and balanced accuracy of always predicting the largest class."""
    counts = np.bincount(labels)
    return {"always the largest class": (counts.max() / len(labels), 1 / np.count_nonzero(counts))}


def against_accuracy(
    models: Mapping[str, Mapping[str, float]], others: Mapping[str, tuple[float, float]]
) -> Figure:
    """Draw balanced accuracy against accuracy, a mark for each model with its intervals.

    Models have "accuracy", "accuracy from" and "accuracy to" (the ends of its interval) and the
    three of "balanced_accuracy"; others, not measured here, both figures alone.
    """
    figure, [[axis]] = subplots(1, 1, 7.6, 4.8)
    for i, (name, values) in enumerate(models.items()):
        x, y = values["accuracy"], values["balanced_accuracy"]
        bars = {
            # The intervals of few resamples may lie beside the figure.
            f"{side}err": [
                [max(value - values[f"{of} from"], 0)],
                [max(values[f"{of} to"] - value, 0)],
            ]
            for side, value, of in (("x", x, "accuracy"), ("y", y, "balanced_accuracy"))
        }
        mark = {"color": MANY_COLORS[i], "fmt": MARKERS[i], "capsize": 3, "markersize": 7}
        axis.errorbar(x, y, **bars, **mark, label=name)
    for (name, (x, y)), marker in zip(others.items(), "x+1234", strict=False):
        axis.plot(x, y, marker, color="black", markersize=9, markeredgewidth=2, label=name)
    axis.set(xlabel="accuracy", ylabel="balanced accuracy (mean recall of the classes)")
    axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
