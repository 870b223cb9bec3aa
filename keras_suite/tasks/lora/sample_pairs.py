"""Pairs of texts made from templates, for machines without a network.

The label is in how the two texts fit together, often in who stands in which place. Questions that
ask the same share no more words than those that do not, and neither a premise nor a hypothesis
tells anything by itself.
"""

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

# A topic has values and three meanings of three wordings each. Every question names two values in
# distinct roles, so that one with the two exchanged asks something else.
TOPICS = """
Paris Rome Vienna Lisbon Prague Oslo Athens Dublin
What is the cheapest way to travel from {a} to {b}?
How can I get from {a} to {b} for little money?
Coming from {a}, which route to {b} costs the least?
How long does it take to travel from {a} to {b}?
How many hours is the journey from {a} to {b}?
Coming from {a}, how much time does the route to {b} take?
Is {a} a better city to live in than {b}?
Should I live in {a} rather than in {b}?
Compared with {b}, does {a} offer a better life?

French Persian Greek Polish Turkish Korean Dutch Arabic
Is {a} harder to learn than {b}?
Does it take more effort to learn {a} than {b}?
Compared with {b}, is {a} the harder language to learn?
Does {a} help me to learn {b}?
Will I learn {b} faster once I know {a}?
Is {a} of any use to somebody who wants to learn {b}?
Where can I have a letter translated from {a} into {b}?
Who translates letters that are written in {a} into {b}?
I have a letter in {a} and need it in {b}: whom can I ask?

butter honey flour sugar rice yoghurt margarine cream
Can I replace {a} with {b} when I bake a cake?
Will a cake be good with {b} in place of {a}?
When I bake a cake, may I use {b} instead of {a}?
Is {a} better for my health than {b}?
Should I eat {a} rather than {b} to stay healthy?
Compared with {b}, does {a} do my body more good?
Why does {a} cost more than {b}?
What makes {a} more expensive than {b}?
For what reason is the price of {a} above that of {b}?
"""
# Put before a text at random, so that lengths differ as they do in real texts.
QUESTION_OPENINGS = ["", "", "A short question: ", "I could not find an answer anywhere, so: "]
PREMISE_OPENINGS = ["", "", "As the minutes of the last meeting say: "]
PREMISE_OPENINGS += [
    "The woman who runs the shop on the corner told us this yesterday, and she should know: "
]
NAMES = ["Anna", "Boris", "Clara", "David", "Emma", "Farid", "Greta", "Hugo", "Irene", "Jonas"]
DEGREES = [("older", "younger"), ("taller", "shorter"), ("faster", "slower"), ("richer", "poorer")]
PLACES = ["the library", "the park", "the station", "the museum", "the market", "the town hall"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
THINGS = ["apples", "books", "chairs", "lamps", "postcards", "tickets"]
NUMBERS = ["two", "three", "four", "five", "six", "seven"]


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
    return *map(list, zip(*pairs, strict=True)), labels


def _questions(label: int, rng: np.random.Generator) -> tuple[str, str]:
    """A question and one that asks the same (label 1), or shares words and asks another thing."""
    topics = TOPICS.strip().split("\n\n")
    values, *wordings = topics[rng.integers(len(topics))].splitlines()
    a, b, other = _pick(values.split(), 3, rng)
    meaning, other_meaning = _pick(range(3), 2, rng)
    wording, other_wording = _pick(range(3), 2, rng)
    first = wordings[3 * meaning + wording].format(a=a, b=b)
    if not label:
        if rng.random() < 0.25:  # so that sharing more words means nothing
            other_wording = wording
        change = rng.integers(3)
        if change == 2:
            meaning = other_meaning
        else:
            a, b = _pick([(other, b), (a, other)], 1, rng)[0] if change else (b, a)
    second = wordings[3 * meaning + other_wording].format(a=a, b=b)
    return _opened(first, QUESTION_OPENINGS, rng), _opened(second, QUESTION_OPENINGS, rng)


def _premise_and_hypothesis(label: int, rng: np.random.Generator) -> tuple[str, str]:
    scene = [_comparison, _visit, _purchase][rng.integers(3)]
    premise, hypothesis = (_pick(texts, 1, rng)[0] for texts in scene(label, rng))
    return _opened(premise, PREMISE_OPENINGS, rng), hypothesis


def _comparison(label: int, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Who is more than whom, where a > b > c and d > c."""
    a, b, c, d = _pick(NAMES, 4, rng)
    more, less = _pick(DEGREES, 1, rng)[0]
    known, unknown = (a, c), _pick([(a, d), (d, a), (b, d), (d, b)], 1, rng)[0]
    over, under = {ENTAILMENT: known, NEUTRAL: unknown, CONTRADICTION: known[::-1]}[label]
    premises = [
        f"{a} is {more} than {b}, {b} is {more} than {c}, and {d} is {more} than {c}.",
        f"{c} is {less} than {d}, {b} is {less} than {a}, and {c} is {less} than {b}.",
        f"{d} is {more} than {c}, who is {less} than {b}, who is {less} than {a}.",
    ]
    return premises, [f"{over} is {more} than {under}.", f"{under} is {less} than {over}."]


def _visit(label: int, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Who was where, who was not, and somebody of whom it is not said."""
    visitor, absent, host = _pick(NAMES, 3, rng)
    place, day = _pick(PLACES, 1, rng)[0], _pick(DAYS, 1, rng)[0]
    who = {ENTAILMENT: visitor, NEUTRAL: host, CONTRADICTION: absent}[label]
    premises = [
        f"{visitor} went to {place} on {day} as {host} had advised, but {absent} did not come.",
        f"On {day} {absent} did not leave the house, but {visitor} went to {place} for {host}.",
    ]
    return premises, [f"{who} was at {place} on {day}.", f"On {day}, {who} visited {place}."]


def _purchase(label: int, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Who bought how many, and from whom."""
    buyer, friend, seller = _pick(NAMES, 3, rng)
    things = _pick(THINGS, 1, rng)[0]
    number, other = _pick(NUMBERS, 2, rng)
    claims = {
        ENTAILMENT: [(buyer, number), (friend, other)],
        NEUTRAL: [(seller, number), (seller, other)],
        CONTRADICTION: [(buyer, other), (friend, number)],
    }
    who, count = _pick(claims[label], 1, rng)[0]
    premises = [
        f"{buyer} bought exactly {number} {things} from {seller}, and {friend} exactly {other}.",
        f"{seller} sold {things}: {friend} bought exactly {other} and {buyer} exactly {number}.",
    ]
    number_of = f"The number of {things} that {who} bought is {count}."
    return premises, [f"{who} bought exactly {count} {things}.", number_of]


def _pick(things, count: int, rng: np.random.Generator) -> list:
    """Pick ``count`` different ones of ``things``."""
    return [things[i] for i in rng.permutation(len(things))[:count]]


def _opened(text: str, openings: list[str], rng: np.random.Generator) -> str:
    return openings[rng.integers(len(openings))] + text
