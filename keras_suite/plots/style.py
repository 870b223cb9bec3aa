"""What all figures have in common: colours that colour-blind readers can tell apart, a footer."""

import textwrap
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

from keras_suite.data.provenance import Provenance
from keras_suite.terminal import files

COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]  # Okabe and Ito's
MANY_COLORS = [*COLORS, "#000000", "#999999", "#F0E442", "#882255"]
LINES = ["-", "--", "-.", ":"]
STYLE: dict = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=COLORS),
}


def save(figure: Figure, path: Path, provenance: Provenance) -> None:
    """Write a PNG whose footer, and description, say which data it shows."""
    if provenance.is_sample:
        text, color = f"SAMPLE DATA – {provenance.source}", COLORS[1]
    else:
        text, color = f"{provenance.rows:,} rows of {provenance.source}", "0.4"
    lines = textwrap.fill(text, int(figure.get_figwidth() * 13))  # characters an inch surely fit
    figure.supxlabel(lines, fontsize=9, color=color, x=0.99, ha="right")
    with files.whole(path) as partial:
        figure.savefig(partial, dpi=120, metadata={"Description": text})


def subplots(rows: int, columns: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    """Axes ``[rows, columns]`` without pyplot, whose global state is not safe between threads."""
    with mpl.rc_context(STYLE):
        figure = Figure((width * columns, height * rows), layout="constrained")
        return figure, figure.subplots(rows, columns, squeeze=False)
