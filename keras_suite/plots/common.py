"""The figures of runs, in colours that colour-blind readers can tell apart (Okabe and Ito)."""

import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from sklearn import metrics

from keras_suite.data.provenance import Provenance
from keras_suite.terminal import files

COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
CHARACTERS_AN_INCH = 13
"""How many of the footer's certainly fit."""
LINES = ["-", "--", "-.", ":"]
STYLE = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": mpl.cycler(color=COLORS),
}


def save(figure: Figure, path: Path, provenance: Provenance) -> None:
    """Write a PNG whose footer says which data it shows; sample data in plain sight."""
    if provenance.is_sample:
        text, color = f"SAMPLE DATA – {provenance.source}", COLORS[1]
    else:
        text, color = f"{provenance.rows:,} rows of {provenance.source}", "0.4"
    text = textwrap.fill(text, int(figure.get_figwidth() * CHARACTERS_AN_INCH))
    figure.supxlabel(text, fontsize=9, color=color, x=0.99, ha="right")
    with files.whole(path) as partial:
        figure.savefig(partial, dpi=120)


def subplots(rows: int, columns: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    """Axes ``[rows, columns]`` without pyplot, whose global state is not safe between threads."""
    with mpl.rc_context(STYLE):
        figure = Figure((width * columns, height * rows), layout="constrained")
        return figure, figure.subplots(rows, columns, squeeze=False)


def class_histogram(labels: Mapping[str, np.ndarray], classes: list[str]) -> Figure:
    """Draw rows per class.

    Args:
        labels: by the name of a set of rows, their labels 0, 1, ..., integers ``[rows]``.
        classes: the names of the labels.
    """
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


def learning_curves(histories: Mapping[str, list[dict]], measures: list[str]) -> Figure:
    """Draw each measure per epoch, training and validation, a column for each fit.

    Args:
        histories: by the name of a fit, its entries as :func:`keras_suite.training.fit.run_fit`
            gives them.
        measures: their names, such as loss and accuracy.
    """
    figure, axes = subplots(len(measures), len(histories), 3.6, 2.7)
    for column, (name, history) in enumerate(histories.items()):
        epochs = [entry["epoch"] for entry in history]
        for row, measure in enumerate(measures):
            axis = axes[row, column]
            for key, label, line in (
                (measure, "train", "-"),
                (f"val_{measure}", "validation", "--"),
            ):
                axis.plot(epochs, [entry[key] for entry in history], line, label=label)
            axis.set(ylabel=measure, title=name if row == 0 else "", xlabel="epoch")
            axis.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].legend(frameon=False)
    return figure


def validation_curves(histories: Mapping[str, list[dict]], measures: list[str]) -> Figure:
    """Draw each measure of the validation rows per epoch, all fits in one pair of axes.

    Args:
        histories: as for :func:`learning_curves`.
        measures: likewise.
    """
    figure, axes = subplots(1, len(measures), 3.1, 3)
    for axis, measure in zip(axes[0], measures, strict=True):
        for i, (name, history) in enumerate(histories.items()):
            epochs, values = zip(*((e["epoch"], e[f"val_{measure}"]) for e in history), strict=True)
            axis.plot(epochs, values, LINES[i % len(LINES)], color=COLORS[i], label=name)
        axis.set(title=measure, xlabel="evaluation")
        axis.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].legend(frameon=False)
    return figure


def confusion_matrices(
    matrices: Mapping[str, Mapping[str, np.ndarray]], classes: list[str]
) -> Figure:
    """Draw confusion matrices, a row for each model, a column for each split; one split in a row.

    Args:
        matrices: by model and split, counts ``[classes, classes]``, rows true, columns predicted.
        classes: their names.
    """
    rows, columns = len(matrices), len(next(iter(matrices.values())))
    if columns == 1:
        rows, columns = 1, rows
    longest = max(len(line) for name in classes for line in name.split("\n"))
    size = max(2.9, 0.55 * len(classes))
    if len(classes) <= 4:  # the labels of few classes lie along both axes
        size = max(size, 0.9 + 0.09 * longest * len(classes))
    figure, axes = subplots(rows, columns, size, size)
    named = [
        (f"{model}\n{split}", np.asarray(matrix))
        for model, by_split in matrices.items()
        for split, matrix in by_split.items()
    ]
    for axis, (title, matrix) in zip(axes.flat, named, strict=True):
        _heat_map(axis, matrix, classes)
        axis.set_title(title)
    return figure


def _heat_map(axis, matrix: np.ndarray, classes: list[str]) -> None:
    """Colour by the share of the row; where there is room, write it below the count."""
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    few = len(classes) <= 4
    for (i, j), count in np.ndenumerate(matrix):
        text = f"{count:,}\n{share[i, j]:.1%}" if few else f"{count:,}"
        color = "white" if share[i, j] > 0.5 else "black"
        axis.text(j, i, text, ha="center", va="center", color=color, size=None if few else 8)
    axis.set_xticks(range(len(classes)), classes, rotation=0 if few else 90)
    axis.set_yticks(range(len(classes)), classes, rotation=90 if few else 0, va="center")
    axis.set(xlabel="predicted", ylabel="true")
    axis.spines[:].set_visible(False)


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


def roc_and_precision_recall(scores: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw both curves of each model into one pair of axes.

    Args:
        scores: by model, labels 0 and 1 ``[n]`` and probabilities of label 1 ``[n]``.
    """
    figure, axes = subplots(1, 2, 5.2, 4.6)
    roc, pr = axes[0]
    for i, (name, (y, probability)) in enumerate(scores.items()):
        line = {"color": COLORS[i], "linestyle": LINES[i], "linewidth": 2}
        x, up, _ = metrics.roc_curve(y, probability)
        roc.plot(x, up, label=f"{name}: {metrics.auc(x, up):.3f}", **line)
        precision, recall, _ = metrics.precision_recall_curve(y, probability)
        area = metrics.average_precision_score(y, probability)
        # Average precision is the area below steps; straight lines between points would flatter.
        pr.step(recall, precision, where="post", label=f"{name}: {area:.3f}", **line)
    roc.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    roc.set(xlabel="false positive rate", ylabel="true positive rate (recall)", title="ROC")
    pr.set(xlabel="recall", ylabel="precision", title="Precision–recall", ylim=(0, 1.03))
    roc.legend(frameon=False, loc="lower right", title="area under the curve")
    pr.legend(frameon=False, loc="lower left", title="average precision")
    return figure


def beside_reported(results: Iterable[Mapping], measures: list[str]) -> Figure:
    """Draw test figures as dots, standard deviations as bars through them, reported ones as lines.

    Args:
        results: of :func:`keras_suite.runs.results.compare`.
        measures: metrics, a panel each.
    """
    test = [each for each in results if each.get("split") == "test" and not each.get("group")]
    of = [(each["model"], each.get("protocol", "")) for each in test]
    names = ["\n".join(filter(None, each)) for each in dict.fromkeys(of)]
    figure, axes = subplots(len(measures), 1, max(4.0, 1.4 * len(names)), 2.6)
    for axis, measure in zip(axes[:, 0], measures, strict=True):
        entries = [entry for entry in test if entry["metric"] == measure]
        ours = [entry["reproduced"] for entry in entries]
        spread = [entry.get("std", 0.0) for entry in entries]
        axis.errorbar(range(len(ours)), ours, spread, fmt="o", capsize=4, label="reproduced")
        for place, value in enumerate(ours):
            axis.annotate(f"{value:.3f}", (place, value), (8, 0), textcoords="offset points")
        theirs = {i: e["reported"] for i, e in enumerate(entries) if e["reported"] is not None}
        lines = [[place + side for place in theirs] for side in (-0.3, 0.3)]
        axis.hlines(list(theirs.values()), *lines, COLORS[1], label="reported")
        axis.set_xticks(range(len(names)), names)
        axis.set(ylabel=measure, xlim=(-0.5, len(names) - 0.3))
        axis.margins(y=0.15)
    axes[0, 0].legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    return figure
