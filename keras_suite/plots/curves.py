"""Curves over epochs."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from keras_suite.plots.style import COLORS, LINES, subplots


def learning_curves(histories: Mapping[str, list[dict]], measures: list[str]) -> Figure:
    """Draw each measure per epoch, training and validation, a column for each fit.

    The histories are those of :func:`keras_suite.training.fit.run_fit`, by the name of the fit.
    """
    figure, axes = subplots(len(measures), len(histories), 3.6, 2.7)
    for column, (name, history) in enumerate(histories.items()):
        epochs = [entry["epoch"] for entry in history]
        for row, measure in enumerate(measures):
            axis = axes[row, column]
            for prefix, label, line in (("", "train", "-"), ("val_", "validation", "--")):
                values = [entry[prefix + measure] for entry in history]
                axis.plot(epochs, values, line, label=label)
            axis.set(ylabel=measure, title=name if row == 0 else "", xlabel="epoch")
            axis.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].legend(frameon=False)
    return figure


def validation_curves(histories: Mapping[str, list[dict]], measures: list[str]) -> Figure:
    """Draw each measure of the validation rows per epoch, all fits in one pair of axes."""
    figure, axes = subplots(1, len(measures), 3.1, 3)
    for axis, measure in zip(axes[0], measures, strict=True):
        for i, (name, history) in enumerate(histories.items()):
            epochs, values = zip(*((e["epoch"], e[f"val_{measure}"]) for e in history), strict=True)
            axis.plot(epochs, values, LINES[i % len(LINES)], color=COLORS[i], label=name)
        axis.set(title=measure, xlabel="evaluation")
        axis.xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].legend(frameon=False)
    return figure
