"""Figures of classes: how many rows, what they are taken for, and how well they are told apart."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from sklearn import metrics

from keras_suite.plots.style import COLORS, LINES, MANY_COLORS, subplots

FEW = 4  # classes leave room for two lines in a cell, and for names that lie along both axes

Predictions = tuple[np.ndarray, np.ndarray]
"""Labels ``[n]``, and outputs: ``[n, classes]``, or of label 1 ``[n]`` or ``[n, 1]``."""


def class_histogram(labels: Mapping[str, np.ndarray], classes: list[str]) -> Figure:
    """Draw rows per class, a panel for each set of labels, integers ``[rows]``."""
    figure, axes = subplots(1, len(labels), 2.6, 3.4)
    many = len(classes) > len(COLORS)  # then lying bars, for which there is room
    for axis, (name, y) in zip(axes[0], labels.items(), strict=True):
        values = np.bincount(y, minlength=len(classes))
        draw, rows = (axis.barh, axis.xaxis) if many else (axis.bar, axis.yaxis)
        bars = draw(classes, values, color=COLORS[0] if many else COLORS[: len(classes)])
        axis.bar_label(bars, [f"{value:,}" for value in values], padding=2)
        axis.set_title(name)
        (axis.set_xlim if many else axis.set_ylim)(0, max(values) * (1.3 if many else 1.12))
        rows.set_major_formatter("{x:,.0f}")
        if many:
            axis.invert_yaxis()
            axis.set_xlabel("rows")
    if not many:
        axes[0, 0].set_ylabel("rows")
    return figure


def confusion_matrices(
    models: Mapping[str, Mapping[str, Predictions]], class_names: Sequence[str]
) -> Figure:
    """Draw confusion matrices, a row for each model, a column for each part; one part in a row.

    A cell has the number of rows and, coloured, its share of the true class.
    """
    rows, columns = len(models), len(next(iter(models.values())))
    if columns == 1:
        rows, columns = 1, rows
    number = len(class_names)
    longest = max(len(line) for name in class_names for line in name.split("\n"))
    size = max(2.9, 0.62 * number, 0.9 + 0.09 * longest * number if number <= FEW else 0)
    figure, axes = subplots(rows, columns, size, size)
    named = [(name, part, *given) for name in models for part, given in models[name].items()]
    for axis, (model, part, labels, outputs) in zip(axes.flat, named, strict=True):
        counts = metrics.confusion_matrix(labels, predicted(outputs), labels=range(number))
        _heat_map(axis, counts, class_names)
        axis.set_title(f"{model}\n{part}")
    return figure


def predicted(outputs: np.ndarray) -> np.ndarray:
    """Return the label ``[n]`` that outputs stand for; from 0.5 on that is label 1."""
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        return outputs.argmax(axis=1)
    return (outputs.reshape(len(outputs)) >= 0.5).astype(int)


def _heat_map(axis, counts: np.ndarray, class_names: Sequence[str]) -> None:
    rows = counts.sum(axis=1, keepdims=True)
    share = counts / np.maximum(rows, 1)
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    few = len(class_names) <= FEW
    for (i, j), count in np.ndenumerate(counts):
        percent = f"{share[i, j]:.{1 if few else 0}%}" if rows[i, 0] else "–"
        text = f"{count:,}\n{percent}" if few or count else ""
        color = "white" if share[i, j] > 0.5 else "black"
        axis.text(j, i, text, ha="center", va="center", color=color, size=None if few else 7)
    axis.set_xticks(range(len(class_names)), class_names, rotation=0 if few else 90)
    axis.set_yticks(range(len(class_names)), class_names, rotation=90 if few else 0, va="center")
    axis.set(xlabel="predicted", ylabel="true")
    axis.spines[:].set_visible(False)


def roc_panel(axis, curves: Mapping[str, Predictions], title: str = "ROC") -> None:
    """Draw the ROC curve of each model or class, with its area in the legend.

    The curves are by name, truth ``[n]`` (0 or 1) and scores ``[n]``; where the truth is the same
    for all rows there is no curve, and the legend says so.
    """
    for i, (name, (truth, score)) in enumerate(curves.items()):
        line = {"color": MANY_COLORS[i], "linestyle": LINES[i % len(LINES)], "linewidth": 2}
        if len(set(truth.tolist())) < 2:
            axis.plot([], label=f"{name}: undefined", **line)
            continue
        x, up, _ = metrics.roc_curve(truth, score)
        axis.plot(x, up, label=f"{name}: {metrics.auc(x, up):.3f}", **line)
    axis.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    axis.set(xlabel="false positive rate", ylabel="true positive rate (recall)", title=title)


def roc_and_precision_recall(scores: Mapping[str, Predictions]) -> Figure:
    """Draw both curves of each model, of its probabilities of label 1 ``[n]``."""
    figure, axes = subplots(1, 2, 5.2, 4.6)
    roc, pr = axes[0]
    roc_panel(roc, scores)
    for i, (name, (y, probability)) in enumerate(scores.items()):
        line = {"color": COLORS[i], "linestyle": LINES[i], "linewidth": 2}
        precision, recall, _ = metrics.precision_recall_curve(y, probability)
        area = metrics.average_precision_score(y, probability)
        # Average precision is the area below steps; straight lines between points would flatter.
        pr.step(recall, precision, where="post", label=f"{name}: {area:.3f}", **line)
    pr.set(xlabel="recall", ylabel="precision", title="Precision–recall", ylim=(0, 1.03))
    roc.legend(frameon=False, loc="lower right", title="area under the curve")
    pr.legend(frameon=False, loc="lower left", title="average precision")
    return figure
