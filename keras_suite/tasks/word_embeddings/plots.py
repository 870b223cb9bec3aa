"""Figures of word vectors: neighbours, distances, analogies and planes."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from gensim.models import KeyedVectors
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

from keras_suite.plots.style import COLORS, MANY_COLORS, subplots
from keras_suite.tasks.word_embeddings.answers import COSINES, SIGNS
from keras_suite.tasks.word_embeddings.geometry import Scored, plane
from keras_suite.tasks.word_embeddings.questions import known_to

MARKERS = "osD^vPX*"
# Where a label stands around its point, and how many pixels away.
SIDES = (1, 0), (-1, 0), (0, 1), (0, -1), (0.8, 0.8), (-0.8, 0.8), (0.8, -0.8), (-0.8, -0.8)
GAPS = 10, 30, 50, 80


def draw(
    keyed: KeyedVectors, questions: dict, answers: dict, scores: pd.DataFrame
) -> dict[str, Figure]:
    """Draw ``answers.ask`` of questions and ``benchmarks.score_analogies``, figures by their names.

    What was not answered is left out.
    """
    drawn = {
        "neighbours": (panels, {w: (s, "") for w, s in answers["neighbours"].items()}),
        "triples": (panels, {w: (s, s[0][0]) for w, s in answers["triples"].items()}),
        "analogies": (analogies, answers["analogies"]),
        "failing_analogy": (failure, answers["failure"]),
        "benchmark": (benchmark, scores[scores["asked"] > 0]),
    }
    figures = {name: function(given) for name, (function, given) in drawn.items() if len(given)}
    questions = known_to(keyed, questions)
    for name in {"gender", "plural"} & answers["agreement"].keys():
        title = f"{name}: mean cosine of the steps {answers['agreement'][name]:.2f}"
        firsts, seconds = zip(*questions["relations"][name], strict=True)
        figures[name] = word_plane(keyed, {"from": firsts, "to": seconds}, title, arrows=True)
    if answers["categories"]:
        title = f"categories: silhouette {answers['categories']['silhouette']:.2f}"
        figures["categories"] = word_plane(keyed, questions["categories"], title)
    return figures


def panels(found: Mapping[str, tuple[Scored, str]], columns: int = 3) -> Figure:
    """Draw words below each title as bars of their cosines, the one expected in another colour."""
    columns, most = min(columns, len(found)), max(len(scored) for scored, _ in found.values())
    figure, axes = subplots(-(-len(found) // columns), columns, 3.6, 1.1 + 0.18 * min(most, 10))
    for axis in axes.flat[len(found) :]:
        axis.set_axis_off()
    for axis, (title, scored) in zip(axes.flat, found.items(), strict=False):
        _word_bars(axis, title, *scored)
    return figure


def analogies(answered: Mapping[str, dict]) -> Figure:
    """Draw the answers of analogies, the right sign beside the wrong one."""
    found = {}
    for analogy, each in answered.items():
        for sign in SIGNS:
            rank, words = each[sign]["rank"], each[sign]["words"]
            place = f": {each['expected']} at place {rank:,}" if rank else ""
            found[f"{analogy}:?\n{sign}{place}"] = words, each["expected"]
    return panels(found, columns=2)


def failure(failed: dict) -> Figure:
    """Draw why one analogy fails beside others that do not: its sum, and its step."""
    figure, axes = subplots(1, 1 + len(failed["steps"]), 4.6, 4.2)
    series = {of: [each[of] for each in failed["sums"].values()] for of in COSINES}
    _grouped_bars(axes[0, 0], failed["sums"], series, "{:.2f}")
    axes[0, 0].set(xlabel="cosine of the sum", xlim=(min(0, axes[0, 0].get_xlim()[0]), 1.12))
    for axis, (name, cosines) in zip(axes[0, 1:], failed["steps"].items(), strict=True):
        _word_bars(axis, f"with the step {name}", cosines)
    return figure


def benchmark(scores: pd.DataFrame) -> Figure:
    """Draw the shares of analogies that were answered rightly, by section."""
    figure, axes = subplots(1, 1, 7.4, 1.2 + 0.42 * len(scores))
    series = {name: list(scores[name]) for name in ("accuracy", "wrong_sign", "neighbour")}
    _grouped_bars(axes[0, 0], scores.index, series, "{:.1%}")
    axes[0, 0].set(xlabel="answered rightly", xlim=(0, 1.08))
    axes[0, 0].xaxis.set_major_formatter("{x:.0%}")
    return figure


def word_plane(
    keyed: KeyedVectors, groups: Mapping[str, Sequence[str]], title: str, arrows: bool = False
) -> Figure:
    """Draw groups of words in a plane, with arrows from each word of the first to the second's."""
    words = [word for group in groups.values() for word in group]
    points, shown = plane(keyed, words)
    figure, axes = subplots(1, 1, *((6.4, 5.2) if arrows else (8.4, 6.6)))
    axis, parts = axes[0, 0], np.split(points, np.cumsum([len(each) for each in groups.values()]))
    for i, (name, own) in enumerate(zip(groups, parts, strict=False)):
        axis.scatter(*own.T, color=MANY_COLORS[i], marker=MARKERS[i % 8], label=name, zorder=2)
    taken = points
    for start, end in zip(*parts[:2], strict=True) if arrows else ():
        axis.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "0.6"})
        taken = np.concatenate([taken, np.linspace(start, end, 7)[1:-1]])
    axis.set(xlabel="first principal component", ylabel="second principal component")
    axis.set_title(f"{title}; {shown:.0%} of the variance", size=10)
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axis.margins(0.16, 0.12)
    _label(axis, points, words, taken)
    return figure


def _word_bars(axis: Axes, title: str, scored: Scored, expected: str = "") -> None:
    words, cosines = zip(*scored[:10], strict=True) if scored else ((), ())
    bars = axis.barh(range(len(words)), cosines, color=[COLORS[word == expected] for word in words])
    axis.bar_label(bars, fmt="%.2f", padding=2, size=8)
    axis.set_yticks(range(len(words)), words)
    axis.set(xlabel="cosine", xlim=(-1.15 * (min(cosines, default=0) < 0), 1.15))
    axis.set_title(title, size=10)
    axis.invert_yaxis()


def _grouped_bars(
    axis: Axes, rows: Iterable[str], series: Mapping[str, Sequence[float]], form: str
) -> None:
    width = 0.8 / len(series)
    for i, (label, values) in enumerate(series.items()):
        places = np.arange(len(values)) + (i - (len(series) - 1) / 2) * width
        bars = axis.barh(places, values, 0.9 * width, label=label)
        axis.bar_label(bars, [form.format(value) for value in values], padding=2, size=7)
    axis.set_yticks(range(len(values)), rows)
    axis.set_ylim(len(values) - 0.4, -0.6)
    axis.legend(frameon=False, loc="lower left", bbox_to_anchor=(-0.1, 1), fontsize=8, ncols=3)


def _label(axis: Axes, points: np.ndarray, words: list[str], taken: np.ndarray) -> None:
    """Write words beside points ``[n, 2]`` so that they cover neither each other nor ``taken``."""
    assert isinstance(axis.figure, Figure)
    axis.figure.draw_without_rendering()  # only then is it known where points and texts lie
    avoid = axis.transData.transform(taken)
    line = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 4}
    style = {"size": 8, "path_effects": [withStroke(linewidth=2, foreground="white")], "zorder": 4}
    middle = {"textcoords": "offset points", "ha": "center", "va": "center"}
    boxes: list[Bbox] = []
    for word, point, start in zip(words, points, axis.transData.transform(points), strict=True):
        text = axis.annotate(word, point, (0, 0), **middle, **style)
        half = np.array(text.get_window_extent().size) / 2
        moves = np.concatenate([SIDES * (half + gap) for gap in GAPS])
        around = [Bbox([start + move - half - 4, start + move + half + 4]) for move in moves]
        clashes = [each.count_contains(avoid) + 3 * each.count_overlaps(boxes) for each in around]
        best = np.argmin(clashes)
        boxes.append(around[best].padded(-4))
        move = moves[best] * 72 / axis.figure.dpi
        text.set_position(move)
        if best >= len(SIDES):  # it stands further away
            axis.annotate("", point, move, textcoords="offset points", arrowprops=line)
