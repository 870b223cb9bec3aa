"""Figures of sets of questions: how many, how many answers, how long."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_suite.plots.style import COLORS, LINES, subplots
from keras_suite.tasks.persian_qa.pquad import Question

BINS = 30
LONG = 0.99  # the share of texts that are drawn apart; the longest would squeeze all others

Parts = Mapping[str, Sequence[Question]]


def split_sizes(parts: Parts) -> Figure:
    """Draw questions per part, such as train, validation and test; the unanswerable ones apart."""
    figure, axes = subplots(1, 1, max(4.2, 1.9 * len(parts)), 3.6)
    axis, names = axes[0, 0], list(parts)
    answerable = np.array([sum(each.is_answerable for each in parts[name]) for name in names])
    rows = np.array([len(parts[name]) for name in names])
    axis.bar(names, answerable, 0.6, label="answerable")
    rest = axis.bar(names, rows - answerable, 0.6, bottom=answerable, label="unanswerable")
    shares = 1 - answerable / rows
    texts = [f"{n:,}\n{share:.1%} unanswerable" for n, share in zip(rows, shares, strict=True)]
    axis.bar_label(rest, texts, padding=2, fontsize=9)
    axis.set(ylabel="questions", ylim=(0, rows.max() * 1.35), xlim=(-0.6, len(names) - 0.4))
    axis.yaxis.set_major_formatter("{x:,.0f}")
    axis.legend(frameon=False, ncols=2, loc="upper left")
    return figure


def answers_per_question(parts: Parts) -> Figure:
    """Draw the share of each part's questions with 0, 1, 2, ... accepted answers."""
    figure, axes = subplots(1, 1, 6, 3.6)
    axis, width = axes[0, 0], 0.8 / len(parts)
    most = max(len(each.answers) for part in parts.values() for each in part)
    for i, (name, part) in enumerate(parts.items()):
        counts = np.bincount([len(each.answers) for each in part], minlength=most + 1)
        places = np.arange(most + 1) + (i - (len(parts) - 1) / 2) * width
        axis.bar(places, counts / len(part), width, label=name)
    axis.set(xlabel="accepted answers (0: unanswerable)", ylabel="share of questions")
    axis.set_xticks(range(most + 1))
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.legend(frameon=False)
    return figure


def lengths(parts: Parts) -> Figure:
    """Draw histograms of the words of each part's contexts (each once), questions and answers."""
    texts = {
        "contexts": lambda part: {each.context for each in part},
        "questions": lambda part: [each.text for each in part],
        "answers": lambda part: [text for each in part for text in each.texts],
    }
    figure, axes = subplots(1, len(texts), 3.7, 3.6)
    for axis, (what, texts_of) in zip(axes[0], texts.items(), strict=True):
        _draw_words(axis, {name: texts_of(part) for name, part in parts.items()})
        axis.set_title(what)
    axes[0, 0].set_ylabel("share")
    return figure


def _draw_words(axis, texts: Mapping[str, Collection[str]]) -> None:
    """Draw how many words the texts of each part have; the longest ones share the last step."""
    words = {name: [len(text.split()) for text in each] for name, each in texts.items()}
    long = np.quantile([n for each in words.values() for n in each] or [1], LONG)
    width = max(1, round(long / BINS))
    last = int(long // width) * width  # the last step is of more words than this
    edges = np.arange(0, last + 2 * width, width) + 0.5
    for i, (name, each) in enumerate(words.items()):
        style = {"histtype": "step", "linewidth": 1.5, "linestyle": LINES[i], "color": COLORS[i]}
        style["label"] = f"{name}: median {np.median(each or [0]):.0f}"
        shares = np.full(len(each), 1 / max(1, len(each)))
        axis.hist(np.minimum(each, last + 1), edges, weights=shares, **style)
    axis.set(xlabel=f"words (last step: {last + 1} or more)", xlim=(0, None))
    axis.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.set_ylim(0, axis.get_ylim()[1] * 1.3)  # room for the legend
    axis.legend(frameon=False, fontsize=8, loc="upper right")


def batch_losses(losses: Sequence[float], mean_of: int = 100) -> Figure:
    """Draw the means of every so many steps, and beside them every step as a point.

    A mean is of a quarter of all steps where that is less; the last is of what is left.
    """
    mean_of = min(mean_of, -(-len(losses) // 4))
    figure, axes = subplots(1, 2, 4.6, 3.4)
    means, points = axes[0]
    steps, starts = np.arange(1, len(losses) + 1), np.arange(0, len(losses), mean_of)
    counts = np.diff(starts, append=len(losses))
    ends = starts + counts
    means.plot(ends, np.add.reduceat(losses, starts) / counts, marker="o", markersize=4)
    means.set(title=f"mean of every {mean_of:,} batches", ylabel="training loss")
    points.scatter(steps, losses, s=6, alpha=0.5, linewidths=0)
    points.set(title="every batch")
    for axis in axes[0]:
        axis.set(xlabel="batch", xlim=(0, None), ylim=(0, 1.05 * max(losses)))
    return figure
