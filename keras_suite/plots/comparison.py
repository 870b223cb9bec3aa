"""Reproduced figures beside reported ones."""

from collections.abc import Iterable, Mapping

from matplotlib.figure import Figure

from keras_suite.plots.style import COLORS, subplots


def beside_reported(results: Iterable[Mapping], measures: list[str]) -> Figure:
    """Draw test figures as dots, standard deviations as bars through them, reported ones as lines.

    The results are those of ``metrics.json``; each metric of ``measures`` has a panel.
    """
    test = [e for e in results if e.get("split") == "test" and not e.get("group")]
    names = list(dict.fromkeys(entry["model"].replace(", ", "\n") for entry in test))
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
