"""The answers of word vectors as data, as figures and as a text to read.

Why analogies fail is diagnosed after Linzen, "Issues in evaluating semantic spaces using word
analogies", 2016.
"""

import numpy as np
from gensim.models import KeyedVectors

from keras_suite.errors import printable
from keras_suite.tasks.word_embeddings import geometry
from keras_suite.tasks.word_embeddings.questions import Analogy, known_to, unknown_to

SIGNS = "right sign", "wrong sign"
COSINES = "with its first answer", "with its third word", "with its second word"
REPORTED = "mad", "cows", "sheep", "pigs", "herd", "bovine", "cattle"  # to the one that fails


def ask(keyed: KeyedVectors, questions: dict, count: int = 10) -> dict:
    """Answer ``questions.questions_with``, as far as words have vectors, with ``count`` words each.

    Returns:
        What JSON can hold; words come with their cosines, the closest first: ``neighbours`` by
        word; ``triples`` by the first word, the other two in their order; ``analogies`` with
        the answers of either sign; ``agreement`` of relations; ``categories``: how far they lie
        apart; ``failure``: see :func:`explain`; ``left_out``: words without vectors.
    """
    known = known_to(keyed, questions)
    pairs = {name: each for name, each in known["relations"].items() if len(each) > 1}
    return {
        "neighbours": {word: keyed.most_similar(word, topn=count) for word in known["words"]},
        "triples": {
            word: [(other, float(keyed.similarity(word, other))) for other in others]
            for word, *others in known["triples"]
        },
        "analogies": {str(each): either_sign(keyed, each, count) for each in known["analogies"]},
        "agreement": {name: geometry.agreement(keyed, each) for name, each in pairs.items()},
        "categories": geometry.separation(keyed, known["categories"]),
        "failure": explain(keyed, known, count) if known["failing"] else {},
        "left_out": unknown_to(keyed, questions),
    }


def either_sign(keyed: KeyedVectors, analogy: Analogy, count: int) -> dict:
    """Answer by c + (b - a), and by c - (b - a), a slip easily made in ``most_similar``."""
    swapped = analogy._replace(a=analogy.b, b=analogy.a)
    found = (geometry.answer(keyed, each, count) for each in (analogy, swapped))
    return {"expected": analogy.expected, **dict(zip(SIGNS, found, strict=True))}


def explain(keyed: KeyedVectors, known: dict, count: int) -> dict:
    """Compare an analogy that fails with others.

    Returns:
        Which ``reported`` answers are ``shared``: among ours, or neighbours of the third word;
        ``sums``: a :func:`diagnosis` of each analogy; ``steps``: their cosines with similar pairs.
    """
    (failing,) = known["failing"]
    signs = either_sign(keyed, failing, count)
    found = {f"{failing}, {sign}": dict(signs[sign]["words"]) for sign in SIGNS}
    found[f"neighbours of {failing.c}"] = dict(keyed.most_similar(failing.c, topn=count))
    analogies = [failing, *known["analogies"]]
    return {
        "reported": list(REPORTED),
        "shared": {name: [w for w in REPORTED if w in words] for name, words in found.items()},
        "sums": {str(each): diagnosis(keyed, each, count) for each in analogies},
        "steps": {
            " – ".join(step): geometry.cosines_with_step(keyed, step, known["relations"][name])
            for name, steps in known["steps"].items()
            for step in steps
        },
    }


def diagnosis(keyed: KeyedVectors, analogy: Analogy, count: int) -> dict:
    """Say where the sum of an analogy's unit vectors lies, c + (b - a).

    Returns:
        The word ``nearest`` to it, of all words; its cosines with words, low with the first answer
        where nothing lies there; how many of the answers are but ``neighbours`` of c.
    """
    a, b, c = geometry.unit_vectors(keyed, analogy[:3])
    total = (c + b - a) / np.linalg.norm(c + b - a)
    answers = geometry.answer(keyed, analogy, count)["words"]
    around = dict(keyed.most_similar(analogy.c, topn=count))
    cosines = answers[0][1], float(total @ c), float(total @ b)
    return {
        "nearest": keyed.similar_by_vector(total, topn=1)[0][0],
        **dict(zip(COSINES, cosines, strict=True)),
        "neighbours": sum(word in around for word, _ in answers),
    }


def measured(answers: dict) -> list[tuple[dict[str, str], dict]]:
    """List the figures among answers, each with what it is of; ``rank`` 1 is the first place."""
    figures = {"categories": answers["categories"]}
    for analogy, found in answers["analogies"].items():
        if found["expected"]:
            figures |= {f"{analogy}, {sign}": {"rank": found[sign]["rank"]} for sign in SIGNS}
    figures |= {name: {"agreement": value} for name, value in answers["agreement"].items()}
    shared = answers["failure"].get("shared", {})
    figures |= {name: {"shared": len(words)} for name, words in shared.items()}
    for analogy, sums in answers["failure"].get("sums", {}).items():
        figures.setdefault(analogy, {"neighbours": sums["neighbours"]})
    groups = [("answers", figures)]
    for step, cosines in answers["failure"].get("steps", {}).items():
        groups.append((step, {pair: {"cosine": cosine} for pair, cosine in cosines}))
    return [
        ({"model": of, "group": group}, each)
        for group, figures in groups
        for of, each in figures.items()
        if each
    ]


def as_text(answers: object, indent: str = "") -> str:
    """Lay answers out in lines for a terminal, what belongs to a name indented below it."""
    if isinstance(answers, dict):
        parts = {k: as_text(v, f"{indent}  ") for k, v in answers.items() if v or v == 0}
        return "".join(f"\n{indent}{printable(name)}:{text}" for name, text in parts.items())
    if isinstance(answers, list | tuple):
        return ("," if isinstance(answers, list) else "").join(map(as_text, answers))
    return f" {answers:.2f}" if isinstance(answers, float) else f" {printable(answers)}"
