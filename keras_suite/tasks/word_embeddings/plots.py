"""Figures of word vectors: neighbours, distances, analogies and planes."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from gensim.models import KeyedVectors
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_suite.plots.common import COLORS, subplots
from keras_suite.tasks.word_embeddings.answers import SIGNS
from keras_suite.tasks.word_embeddings.geometry import Scored, plane
from keras_suite.tasks.word_embeddings.labels import label_points
from keras_suite.tasks.word_embeddings.questions import known_to

MARKERS = "osD^vPX*"


def draw(
    keyed: KeyedVectors, questions: dict, answers: dict, scores: pd.DataFrame
) -> dict[str, Figure]:
    """Draw what was answered, by the names of the figures; what was not is left out.

    Args:
        keyed: the vectors.
        questions: to them; their gender and plural pairs and categories are laid into planes.
        answers: as ``answers.ask`` gives them.
        scores: as ``benchmarks.score_analogies`` gives them.
    """
    known, asked = known_to(keyed, questions), scores[scores["asked"] > 0]
    figures = {
        name: function(values)
        for name, function, values in (
            ("neighbours", neighbours, answers["neighbours"]),
            ("triples", triples, answers["triples"]),
            ("analogies", analogies, answers["analogies"]),
            ("failing_analogy", failure, answers["failure"]),
            ("benchmark", benchmark, asked),
        )
        if len(values)
    }
    for name in known["relations"].keys() & answers["agreement"].keys() & {"gender", "plural"}:
        title = f"{name}: mean cosine of the steps {answers['agreement'][name]:.2f}"
        firsts, seconds = map(list, zip(*known["relations"][name], strict=True))
        figures[name] = word_plane(keyed, {"from": firsts, "to": seconds}, title, arrows=True)
    if answers["categories"]:
        title = f"categories: silhouette {answers['categories']['silhouette']:.2f}"
        figures["categories"] = word_plane(keyed, known["categories"], title)
    return figures


def neighbours(found: Mapping[str, Scored]) -> Figure:
    """Draw the neighbours of each word as bars of their cosines."""
    columns = min(3, len(found))
    figure, axes = subplots(-(-len(found) // columns), columns, 3.4, 2.9)
    for axis in axes.flat[len(found) :]:
        axis.set_axis_off()
    for axis, (word, scored) in zip(axes.flat, found.items(), strict=False):
        _word_bars(axis, word, scored)
    return figure


def analogies(answered: Mapping[str, dict]) -> Figure:
    """Draw the answers of analogies, the right sign beside the wrong one; the expected in red."""
    figure, axes = subplots(len(answered), 2, 3.8, 2.9)
    for row, (analogy, each) in zip(axes, answered.items(), strict=True):
        expected = each.get("expected", "")
        for axis, sign in zip(row, SIGNS, strict=True):
            place = f": {expected} at place {each[f'rank, {sign}']:,}" if expected else ""
            _word_bars(axis, f"{analogy}:?\n{sign}{place}", each[sign], expected)
    return figure


def triples(compared: Mapping[str, Scored]) -> Figure:
    """Draw the cosines of words with the one expected to be closer and with the other."""
    figure, axes = subplots(1, 1, 6.4, 1.2 + 0.5 * len(compared))
    labels = "expected to be closer", "the other"
    series = {label: [each[i] for each in compared.values()] for i, label in enumerate(labels)}
    _grouped_bars(axes[0, 0], compared, series)
    axes[0, 0].set(xlabel="cosine", xlim=(2.5 * min(0, axes[0, 0].get_xlim()[0]), 1.25))
    return figure


def failure(failed: dict) -> Figure:
    """Draw why one analogy fails beside others that do not: its sum, and its step."""
    figure, axes = subplots(1, 1 + len(failed["steps"]), 4.6, 4.2)
    labels = "with its first answer", "with its third word", "with its second word"
    series = {label: [("", each[label]) for each in failed["sums"].values()] for label in labels}
    _grouped_bars(axes[0, 0], failed["sums"], series)
    axes[0, 0].set(xlabel="cosine of the sum", xlim=(min(0, axes[0, 0].get_xlim()[0]), 1.12))
    for axis, (name, cosines) in zip(axes[0, 1:], failed["steps"].items(), strict=True):
        _word_bars(axis, f"cosines with the step {name}", cosines)
        axis.set(xlim=(-1.15, 1.15), xticks=[-1, 0, 1])
    return figure


def benchmark(scores: pd.DataFrame) -> Figure:
    """Draw the shares of analogies that were answered rightly, by section."""
    figure, axes = subplots(1, 1, 7.4, 1.2 + 0.42 * len(scores))
    kinds = {"accuracy": "right sign", "wrong_sign": "wrong sign", "neighbour": "third word alone"}
    series = {label: [("", value) for value in scores[kind]] for kind, label in kinds.items()}
    _grouped_bars(axes[0, 0], scores.index, series, "{:.1%}")
    axes[0, 0].set(xlabel="answered rightly", xlim=(0, 1.08))
    axes[0, 0].xaxis.set_major_formatter("{x:.0%}")
    return figure


def word_plane(
    keyed: KeyedVectors, groups: Mapping[str, list[str]], title: str, arrows: bool = False
) -> Figure:
    """Draw groups of words in a plane, with arrows from each word of the first to the second's."""
    words = [word for group in groups.values() for word in group]
    points, shown = plane(keyed, words)
    figure, axes = subplots(1, 1, *((6.4, 5.2) if arrows else (8.4, 6.6)))
    axis, parts = axes[0, 0], np.split(points, np.cumsum([len(each) for each in groups.values()]))
    for i, (name, own) in enumerate(zip(groups, parts, strict=False)):
        color = (*COLORS, "0.35", "#A6761D")[i % 8]
        axis.scatter(*own.T, color=color, marker=MARKERS[i % 8], label=name, zorder=2)
    taken = np.zeros((0, 2))
    if arrows:
        for start, end in zip(*parts[:2], strict=True):
            axis.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "0.6"})
            taken = np.concatenate([taken, np.linspace(start, end, 7)[1:-1]])
    axis.set(xlabel="first principal component", ylabel="second principal component")
    axis.set_title(f"{title}; {shown:.0%} of the variance", size=10)
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    axis.margins(0.16, 0.12)
    label_points(axis, points, words, taken)
    return figure


def _word_bars(axis: Axes, title: str, scored: Scored, expected: str = "") -> None:
    words, cosines = zip(*scored[:10], strict=True) if scored else ((), ())
    bars = axis.barh(range(len(words)), cosines, color=[COLORS[word == expected] for word in words])
    axis.bar_label(bars, fmt="%.2f", padding=2, size=8)
    axis.set_yticks(range(len(words)), words)
    axis.set(xlabel="cosine", xlim=(0, 1.15), xticks=[0, 0.5, 1])
    axis.set_title(title, size=10)
    axis.invert_yaxis()


def _grouped_bars(
    axis: Axes, rows: Iterable[str], series: Mapping[str, Scored], form: str = "{:.2f}"
) -> None:
    """Draw a bar for each row and series, a name and its value at the end of each."""
    width = 0.8 / len(series)
    for i, (label, scored) in enumerate(series.items()):
        places = np.arange(len(scored)) + (i - (len(series) - 1) / 2) * width
        bars = axis.barh(places, [value for _, value in scored], 0.9 * width, label=label)
        texts = [f"{name} {form.format(value)}".strip() for name, value in scored]
        axis.bar_label(bars, texts, padding=2, size=7)
    axis.set_yticks(range(len(scored)), rows)
    axis.set_ylim(len(scored) - 0.4, -0.6)
    axis.legend(frameon=False, loc="lower left", bbox_to_anchor=(-0.1, 1), fontsize=8, ncols=3)
