"""Pairs of texts made from the templates in ``sample_pairs.json``, where there is no network.

The label is in how the two texts fit together, often in who stands in which place. Questions that
ask the same share no more words than those that do not, and neither a premise nor a hypothesis
tells anything by itself.
"""

import json
from pathlib import Path
from typing import Literal

import numpy as np

Task = Literal["qqp", "mnli"]
Pairs = tuple[list[str], list[str], np.ndarray]

CLASS_NAMES = {
    "qqp": ["not_duplicate", "duplicate"],
    "mnli": ["entailment", "neutral", "contradiction"],
}
SOURCES = {"qqp": "question", "mnli": "premise and hypothesis"}
ENTAILMENT, NEUTRAL, CONTRADICTION = range(3)
WORDS = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


def draw_pairs(task: Task, rows: int, seed: int = 0) -> Pairs:
    """Draw up to a few thousand distinct pairs; the same seed gives the same ones.

    The task is "qqp" for questions that are duplicates or not, "mnli" for premises and hypotheses.

    Returns:
        The first texts, the second texts, and labels ``[rows]`` int64 that index
        ``CLASS_NAMES[task]``; row i has label i modulo the number of classes.
    """
    draw = {"qqp": _questions, "mnli": _premise_and_hypothesis}[task]
    rng = np.random.default_rng(seed)
    labels = np.arange(rows, dtype=np.int64) % len(CLASS_NAMES[task])
    pairs: dict[tuple[str, str], None] = {}  # in the order drawn
    while len(pairs) < rows:
        pairs.setdefault(draw(labels[len(pairs)], rng))
    first, second = map(list, zip(*pairs, strict=True))
    return first, second, labels


def _questions(label: int, rng: np.random.Generator) -> tuple[str, str]:
    """A question and one that asks the same (label 1), or shares words and asks another thing.

    Each topic has three meanings of three wordings. Every question names two values in distinct
    roles, so that one with the two exchanged asks something else.
    """
    topic = WORDS["topics"][rng.integers(len(WORDS["topics"]))]
    a, b, other = _pick(topic["values"], 3, rng)
    meaning, other_meaning = _pick(topic["meanings"], 2, rng)
    wording, other_wording = _pick(range(3), 2, rng)
    first = meaning[wording].format(a=a, b=b)
    if not label:
        if rng.random() < 0.25:  # so that sharing more words means nothing
            other_wording = wording
        change = rng.integers(3)
        if change == 2:
            meaning = other_meaning
        else:
            a, b = _one_of([(other, b), (a, other)], rng) if change else (b, a)
    second, openings = meaning[other_wording].format(a=a, b=b), WORDS["question_openings"]
    return _opened(first, openings, rng), _opened(second, openings, rng)


def _premise_and_hypothesis(label: int, rng: np.random.Generator) -> tuple[str, str]:
    scene, draw = list(SCENES.items())[rng.integers(len(SCENES))]
    drawn, texts = draw(label, rng), (WORDS[scene]["premises"], WORDS[scene]["hypotheses"])
    premise, hypothesis = (_one_of(each, rng).format(**drawn) for each in texts)
    return _opened(premise, WORDS["premise_openings"], rng), hypothesis


def _comparison(label: int, rng: np.random.Generator) -> dict[str, str]:
    """Who is more than whom, where a > b > c and d > c."""
    a, b, c, d = _pick(WORDS["names"], 4, rng)
    more, less = _one_of(WORDS["degrees"], rng)
    known, unknown = (a, c), _one_of([(a, d), (d, a), (b, d), (d, b)], rng)
    over, under = {ENTAILMENT: known, NEUTRAL: unknown, CONTRADICTION: known[::-1]}[label]
    drawn = {"a": a, "b": b, "c": c, "d": d}
    return drawn | {"more": more, "less": less, "over": over, "under": under}


def _visit(label: int, rng: np.random.Generator) -> dict[str, str]:
    """Who was where, who was not, and somebody of whom it is not said."""
    visitor, absent, host = _pick(WORDS["names"], 3, rng)
    drawn = {"visitor": visitor, "absent": absent, "host": host}
    drawn |= {"place": _one_of(WORDS["places"], rng), "day": _one_of(WORDS["days"], rng)}
    return drawn | {"who": {ENTAILMENT: visitor, NEUTRAL: host, CONTRADICTION: absent}[label]}


def _purchase(label: int, rng: np.random.Generator) -> dict[str, str]:
    """Who bought how many, and from whom."""
    buyer, friend, seller = _pick(WORDS["names"], 3, rng)
    drawn = {"buyer": buyer, "friend": friend, "seller": seller}
    drawn["things"] = _one_of(WORDS["things"], rng)
    number, other = _pick(WORDS["numbers"], 2, rng)
    claims = {
        ENTAILMENT: [(buyer, number), (friend, other)],
        NEUTRAL: [(seller, number), (seller, other)],
        CONTRADICTION: [(buyer, other), (friend, number)],
    }
    who, count = _one_of(claims[label], rng)
    return drawn | {"number": number, "other": other, "who": who, "count": count}


SCENES = {"comparison": _comparison, "visit": _visit, "purchase": _purchase}


def _pick(things, count: int, rng: np.random.Generator) -> list:
    """Pick ``count`` different ones of ``things``."""
    return [things[i] for i in rng.permutation(len(things))[:count]]


def _one_of(things, rng: np.random.Generator):
    return _pick(things, 1, rng)[0]


def _opened(text: str, openings: list[str], rng: np.random.Generator) -> str:
    """Put something before a text at random, so that lengths differ as they do in real texts."""
    return openings[rng.integers(len(openings))] + text
