"""Figures of unbalanced classes, each class for itself."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from sklearn import metrics

from keras_suite.metrics.classification import class_report
from keras_suite.plots.common import COLORS, LINES, subplots

Predictions = tuple[np.ndarray, np.ndarray]
MANY_COLORS = [*COLORS, "#000000", "#999999", "#F0E442", "#882255"]
MARKERS = "osD^vP*X"


def confusion_by_part(parts: Mapping[str, Predictions], classes: Sequence[str]) -> Figure:
    """Draw confusion matrices: counts above, shares of the true class below.

    Args:
        parts: by name, labels ``[n]`` and probabilities ``[n, classes]``.
        classes: their names; the shares of one without rows are dashes.
    """
    size = max(3.0, 0.55 * len(classes))
    figure, axes = subplots(2, len(parts), size, size)
    for (above, below), (part, (y, p)) in zip(axes.T, parts.items(), strict=True):
        counts = metrics.confusion_matrix(y, p.argmax(axis=1), labels=range(len(classes)))
        rows = counts.sum(axis=1, keepdims=True)
        shares = np.where(rows > 0, counts / np.maximum(rows, 1), np.nan)
        _grid(above, shares, [f"{count:,}" for count in counts.flat], classes)
        _grid(below, shares, [_share(share) for share in shares.flat], classes)
        above.set_title(f"{part}: images")
        below.set_title(f"{part}: share of the true class")
    return figure


def _grid(axis, shares: np.ndarray, texts: list[str], classes: Sequence[str]) -> None:
    axis.imshow(np.nan_to_num(shares), cmap="Blues", vmin=0, vmax=1)
    for (i, j), text in zip(np.ndindex(shares.shape), texts, strict=True):
        color = "white" if shares[i, j] > 0.5 else "black"
        axis.text(j, i, text, ha="center", va="center", color=color, size=8)
    axis.set_xticks(range(len(classes)), classes, rotation=90)
    axis.set_yticks(range(len(classes)), classes)
    axis.set(xlabel="predicted", ylabel="true")
    axis.spines[:].set_visible(False)


def _share(share: float) -> str:
    if np.isnan(share):
        return "–"
    return f"{share:.2f}" if share else "0"


def roc_by_class(parts: Mapping[str, Predictions], classes: Sequence[str]) -> Figure:
    """Draw the ROC curve of each class against the rest, a panel for each part.

    Args:
        parts: by name, labels ``[n]`` and probabilities ``[n, classes]``.
        classes: their names; one without rows, or with all, has no curve, and the legend says so.
    """
    figure, axes = subplots(1, len(parts), 4.0, 5.0)
    for axis, (part, (y, probabilities)) in zip(axes[0], parts.items(), strict=True):
        for label, name in enumerate(classes):
            line = {"color": MANY_COLORS[label], "linestyle": LINES[label % len(LINES)]}
            true = y == label
            if true.all() or not true.any():
                axis.plot([], label=f"{name}: undefined", **line)
                continue
            x, up, _ = metrics.roc_curve(true, probabilities[:, label])
            axis.plot(x, up, label=f"{name}: {metrics.auc(x, up):.3f}", **line)
        axis.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        axis.set(title=part, xlabel="false positive rate", ylabel="true positive rate (recall)")
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

    Args:
        models: by name, then by part, labels ``[n]`` and probabilities ``[n, classes]``.
        classes: their names; one without rows has no dots.
        rate: precision, recall, f1 or auc.
        reported: by part, a value for each class, drawn as lines; a part may have none.
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


def against_accuracy(
    models: Mapping[str, Mapping[str, float]], others: Mapping[str, tuple[float, float]]
) -> Figure:
    """Draw balanced accuracy against accuracy, a mark for each model with its intervals.

    Args:
        models: by name, "accuracy", "accuracy from" and "accuracy to" (the ends of its interval),
            and the three of "balanced_accuracy".
        others: by name, accuracy and balanced accuracy of what was not measured here.
    """
    figure, axes = subplots(1, 1, 7.6, 4.8)
    axis = axes[0, 0]
    for i, (name, values) in enumerate(models.items()):
        x, y = values["accuracy"], values["balanced_accuracy"]
        bars = {
            f"{side}err": [[value - values[f"{of} from"]], [values[f"{of} to"] - value]]
            for side, value, of in (("x", x, "accuracy"), ("y", y, "balanced_accuracy"))
        }
        mark = {"color": MANY_COLORS[i], "fmt": MARKERS[i], "capsize": 3, "markersize": 7}
        axis.errorbar(x, y, **bars, **mark, label=name)
    for (name, (x, y)), marker in zip(others.items(), "x+1234", strict=False):
        axis.plot(x, y, marker, color="black", markersize=9, markeredgewidth=2, label=name)
    axis.set(xlabel="accuracy", ylabel="balanced accuracy (mean recall of the classes)")
    axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
