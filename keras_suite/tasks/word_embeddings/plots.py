"""Figures of word vectors: neighbours, distances, analogies and planes."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from keras_suite.plots.common import COLORS, subplots
from keras_suite.tasks.word_embeddings.answers import Failure, Questions, WordAnswers
from keras_suite.tasks.word_embeddings.label_places import place_labels
from keras_suite.tasks.word_embeddings.tasks import Analogy, Answers, Diagnosis, Pair, Scored, plane
from keras_suite.tasks.word_embeddings.word_analogies import SectionScore

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

MARKERS = "osD^vPX*"
SMALL = 8
SHOWN = 10
"""Words below each other at most."""


def draw_all(
    keyed: "KeyedVectors",
    questions: Questions,
    answers: WordAnswers,
    scores: Sequence[SectionScore],
) -> dict[str, Figure]:
    """Draw what was answered, by the names of the figures; what was not is left out.

    Args:
        keyed: the vectors.
        questions: those all of whose words have vectors; their gender and plural pairs and their
            categories are laid into planes.
        answers: of these vectors.
        scores: theirs in the analogy benchmark.
    """
    figures = {
        name: draw(getattr(answers, name))
        for name, draw in (
            ("neighbours", neighbours),
            ("triples", triples),
            ("analogies", analogies),
        )
        if getattr(answers, name)
    }
    for name in "gender", "plural":
        pairs = questions.relations[name]
        if len(pairs) > 1:
            points, shown = plane(keyed, list(chain(*pairs)))
            title = f"{name}: mean cosine of the steps {answers.agreement[name]:.2f}"
            figures[name] = pairs_plane(points, pairs, f"{title}; {shown:.0%} of the variance")
    if answers.separation:
        points, shown = plane(keyed, list(chain(*questions.categories.values())))
        title = f"categories: silhouette {answers.separation['silhouette']:.2f}"
        figures["categories"] = categories_plane(
            points, questions.categories, f"{title}; {shown:.0%} of the variance"
        )
    if answers.failure:
        figures["failing_analogy"] = failure(answers.failure)
    asked = [each for each in scores if each.asked]
    if asked:
        figures["benchmark"] = benchmark(asked)
    return figures


def neighbours(found: Mapping[str, Scored]) -> Figure:
    """Draw the neighbours of each word as bars of their cosines.

    Args:
        found: neighbours by word.
    """
    columns = min(3, len(found))
    rows = -(-len(found) // columns)
    figure, axes = subplots(rows, columns, 3.4, 2.9)
    for axis in axes.flat[len(found) :]:
        axis.set_axis_off()
    for axis, (word, scored) in zip(axes.flat, found.items(), strict=False):
        _word_bars(axis, scored, COLORS[0])
        axis.set_title(word)
    return figure


def triples(compared: Sequence[tuple[str, Scored]]) -> Figure:
    """Draw which of two words a third one is closer to.

    Args:
        compared: each word with the one that is expected to be closer and the other, and cosines.
    """
    figure, axes = subplots(1, 1, 6.4, 1.2 + 0.42 * len(compared))
    axis = axes[0, 0]
    for row, (_, (closer, other)) in enumerate(compared):
        axis.plot([closer[1], other[1]], [row, row], color="0.8", zorder=0)
        for (word, cosine), far in ((closer, other[1]), (other, closer[1])):
            right = cosine >= far
            axis.annotate(
                word,
                (cosine, row),
                (7 if right else -7, 0),
                textcoords="offset points",
                ha="left" if right else "right",
                va="center",
                size=SMALL,
            )
    places = range(len(compared))
    for i, (marker, label) in enumerate((("o", "expected to be closer"), ("s", "the other"))):
        cosines = [scored[i][1] for _, scored in compared]
        axis.plot(cosines, places, marker, color=COLORS[i], label=label)
    axis.set_yticks(places, [word for word, _ in compared])
    axis.set(xlabel="cosine", ylim=(len(compared) - 0.5, -0.5))
    axis.margins(x=0.2)
    axis.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def analogies(answered: Sequence[tuple[Analogy, Answers, Answers]]) -> Figure:
    """Draw the answers of analogies, those of the right sign beside those of the wrong one.

    Args:
        answered: each analogy with both; where a word is expected, its bar has another colour.
    """
    figure, axes = subplots(len(answered), 2, 3.8, 2.9)
    for row, (analogy, *both) in zip(axes, answered, strict=True):
        for axis, sign, answers in zip(row, ("right", "wrong"), both, strict=True):
            _word_bars(axis, answers.words, COLORS[0], analogy.expected)
            rank = f": {analogy.expected} at place {answers.rank:,}" if answers.rank else ""
            axis.set_title(f"{analogy}:?\n{sign} sign{rank}", size=10)
    return figure


def pairs_plane(points: np.ndarray, pairs: Sequence[Pair], title: str) -> Figure:
    """Draw pairs of words in a plane, an arrow from each first word to the second.

    Args:
        points: ``[2 * pairs, 2]``, first and second words in turn.
        pairs: the words.
        title: above the plane.
    """
    figure, axes = subplots(1, 1, 6.4, 5.2)
    axis = axes[0, 0]
    starts, ends = points[::2], points[1::2]
    axis.scatter(*starts.T, color=COLORS[0], marker="o", zorder=2)
    axis.scatter(*ends.T, color=COLORS[1], marker="s", zorder=2)
    for start, end in zip(starts, ends, strict=True):
        axis.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "0.6"}, zorder=1)
    along = [
        start + part * (end - start)
        for start, end in zip(starts, ends, strict=True)
        for part in (0.15, 0.3, 0.5, 0.7, 0.85)
    ]
    _label(figure, axis, points, [word for pair in pairs for word in pair], np.array(along))
    axis.set_title(title, size=10)
    return figure


def categories_plane(
    points: np.ndarray, categories: Mapping[str, Sequence[str]], title: str
) -> Figure:
    """Draw the words of categories in a plane, each category in a colour and form of its own.

    Args:
        points: ``[words, 2]``, in the order of the categories.
        categories: words by category.
        title: above the plane.
    """
    figure, axes = subplots(1, 1, 8.4, 6.6)
    axis = axes[0, 0]
    first = 0
    for i, (name, words) in enumerate(categories.items()):
        own = points[first : first + len(words)]
        color = (*COLORS, "0.35", "#A6761D")[i % 8]
        axis.scatter(*own.T, color=color, marker=MARKERS[i % len(MARKERS)], label=name)
        first += len(words)
    every = [word for words in categories.values() for word in words]
    _label(figure, axis, points, every, np.zeros((0, 2)))
    axis.set_title(title, size=10)
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def failure(failed: Failure) -> Figure:
    """Draw why one analogy fails beside others that do not.

    Args:
        failed: its diagnosis, and those of the others.
    """
    figure, axes = subplots(1, 2, 6.2, 4)
    _draw_sums(axes[0, 0], failed.diagnoses)
    _draw_steps(axes[0, 1], failed.steps)
    return figure


def benchmark(scores: Sequence[SectionScore]) -> Figure:
    """Draw the accuracies of the analogy benchmark by section.

    Args:
        scores: of sections of which at least one question was asked.
    """
    figure, axes = subplots(1, 1, 7.4, 1.2 + 0.42 * len(scores))
    axis = axes[0, 0]
    kinds = {
        "accuracy": "right sign",
        "wrong_sign": "wrong sign",
        "neighbour": "neighbour of the third word",
    }
    for i, (kind, label) in enumerate(kinds.items()):
        values = [each.shares()[kind] for each in scores]
        places = np.arange(len(scores)) + (i - 1) * 0.27
        bars = axis.barh(places, values, 0.25, color=COLORS[i], label=label)
        axis.bar_label(bars, [f"{value:.1%}" for value in values], padding=2, size=6)
    axis.set_yticks(range(len(scores)), [each.name for each in scores])
    axis.set(xlabel="answered rightly", xlim=(0, 1.08), ylim=(len(scores) - 0.4, -0.6))
    axis.xaxis.set_major_formatter("{x:.0%}")
    axis.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(-0.3, 1), fontsize=9)
    return figure


def _draw_sums(axis, diagnoses: Sequence[Diagnosis]) -> None:
    """Draw how close the sum of each analogy's vectors is to what."""
    measures = {
        "with its first answer": [each.cosine_to_answer for each in diagnoses],
        "with its third word": [each.cosine_to_c for each in diagnoses],
        "with its second word": [each.cosine_to_b for each in diagnoses],
    }
    for i, (label, values) in enumerate(measures.items()):
        places = np.arange(len(diagnoses)) + (i - 1) * 0.26
        bars = axis.barh(places, values, 0.24, label=label, color=COLORS[i])
        axis.bar_label(bars, fmt="%.2f", padding=2, size=SMALL)
    axis.set_yticks(range(len(diagnoses)), [f"{each.analogy}:?" for each in diagnoses])
    axis.set(xlabel="cosine of the sum of the vectors", xlim=(min(0, axis.get_xlim()[0]), 1.12))
    axis.invert_yaxis()
    axis.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), fontsize=SMALL, ncols=3)


def _draw_steps(axis, steps: Mapping[str, Sequence[tuple[Pair, float]]]) -> None:
    """Draw the cosines of steps with those of other pairs."""
    labels: list[str] = []
    for i, (name, cosines) in enumerate(steps.items()):
        places = range(len(labels), len(labels) + len(cosines))
        values = [value for _, value in cosines]
        axis.plot(values, places, MARKERS[i], color=COLORS[i], label=f"with the step {name}")
        labels += [" – ".join(pair) for pair, _ in cosines]
    axis.set_yticks(range(len(labels)), labels)
    axis.axvline(0, color="0.7", linewidth=1, zorder=0)
    axis.set(xlabel="cosine of the offsets", xlim=(-1, 1))
    axis.margins(y=0.06)
    axis.invert_yaxis()
    if labels:
        axis.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), fontsize=SMALL, ncols=2)


def _word_bars(axis, scored: Scored, color: str, expected: str = "") -> None:
    scored = scored[:SHOWN]
    colors = [COLORS[1] if word == expected else color for word, _ in scored]
    bars = axis.barh(range(len(scored)), [cosine for _, cosine in scored], 0.75, color=colors)
    axis.bar_label(bars, fmt="%.2f", padding=2, size=SMALL)
    axis.set_yticks(range(len(scored)), [word for word, _ in scored])
    axis.set(xlabel="cosine", xlim=(0, 1.15), xticks=[0, 0.5, 1])
    axis.invert_yaxis()


def _label(figure: Figure, axis, points: np.ndarray, words: list[str], taken: np.ndarray) -> None:
    """Write words beside their points; ``taken`` are places no word should cover."""
    axis.margins(0.16, 0.12)
    axis.autoscale_view()
    limits = np.array([axis.get_xlim(), axis.get_ylim()]).T
    # Titles, ticks and a legend take about so much of the figure.
    room = figure.get_size_inches() * 72 * (0.8, 0.85) / (limits[1] - limits[0])
    middles, far = place_labels(points * room, words, SMALL, taken * room)
    line = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 4}
    outline = [withStroke(linewidth=2, foreground="white")]
    for word, point, middle, is_far in zip(words, points, middles, far, strict=True):
        axis.annotate(
            word,
            point,
            middle - point * room,
            textcoords="offset points",
            ha="center",
            va="center",
            size=SMALL,
            arrowprops=line if is_far else None,
            path_effects=outline,
            zorder=3 if is_far else 4,  # lines pass below other words
        )
    axis.set(xlabel="first principal component", ylabel="second principal component")
    axis.set_xlim(limits[:, 0])
    axis.set_ylim(limits[:, 1])
