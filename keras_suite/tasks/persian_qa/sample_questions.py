"""Persian texts and questions from the templates in ``sample_questions.json``, without a network.

Every text tells a few facts of two things of one kind (libraries, people or villages), whose names
are invented. Two of the five facts one can ask for are left out, so a question without an answer
often meets a fitting stretch of the text that belongs to the other thing. Each fact has a longer
form of its answer that all its sentences hold too.
"""

import json
from pathlib import Path

import numpy as np

SOURCE = "templated Persian questions, generated"
QUESTIONS_PER_TEXT = 6
FACTS_TOLD = 3  # of each of the two things
WORDS = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


def draw_articles(texts: int, seed: int = 0) -> list[dict]:
    """Draw up to a few thousand distinct texts with six questions each.

    One or two of the six have no answer in turn, and the same seed gives the same texts.

    Returns:
        Articles of one text each, in the form of a SQuAD version 2 file's ``data``.
    """
    rng = np.random.default_rng(seed)
    drawn: dict[str, dict] = {}  # by text, in the order drawn
    while len(drawn) < texts:
        article = _article(len(drawn), rng)
        drawn.setdefault(article["paragraphs"][0]["context"], article)
    return list(drawn.values())


def _article(number: int, rng: np.random.Generator) -> dict:
    kind = WORDS["kinds"][number % 3]
    pair = [kind["prefix"] + name for name in _pick(WORDS[kind["names"]], 2, rng)]
    told, untold, used = [], [], set(pair)  # no value stands in the text twice
    for name in pair:
        facts = _pick(kind["facts"], len(kind["facts"]), rng)
        for fact in facts[:FACTS_TOLD]:
            values = _pick(WORDS[fact["values"]], len(WORDS[fact["values"]]), rng)
            value = next(each for each in values if each not in used)
            used.add(value)
            told.append((name, value, fact))
        untold += [(name, fact["questions"], []) for fact in facts[FACTS_TOLD:]]
    context, answered = _text(told, rng)
    unanswerable = 1 + number // 3 % 2
    asked = _pick(answered, QUESTIONS_PER_TEXT - unanswerable, rng)
    qas = [_question(fact, rng) for fact in asked]
    qas += [_question(fact, rng) for fact in _pick(untold, unanswerable, rng)]
    qas = [qa | {"id": f"sample-{number}-{i}"} for i, qa in enumerate(qas)]
    return {"title": " و ".join(pair), "paragraphs": [{"context": context, "qas": qas}]}


def _text(told: list[tuple], rng: np.random.Generator) -> tuple[str, list[tuple]]:
    """Return the text, and name, wordings of the question and answers of each fact."""
    context, answered = "", []
    for name, value, fact in told:
        if rng.random() < 0.3:  # so that lengths differ as they do in real texts
            context += _pick(WORDS["fillers"], 1, rng)[0] + " "
        before, after = _wording(fact["sentences"], name, rng).split("{value}")
        start, longer = len(context) + len(before), fact["longer"]
        context += before + value + after + " "
        answers = [{"text": value, "answer_start": start}]
        if longer != "{value}":
            place = start - longer.index("{value}")
            answers.append({"text": longer.format(value=value), "answer_start": place})
        answered.append((name, fact["questions"], answers))
    return context.rstrip(), answered


def _question(fact: tuple[str, list[str], list[dict]], rng: np.random.Generator) -> dict:
    name, wordings, answers = fact
    question = _wording(wordings, name, rng)
    return {"question": question, "answers": answers, "is_impossible": not answers}


def _wording(wordings: list[str], name: str, rng: np.random.Generator) -> str:
    return _pick(wordings, 1, rng)[0].replace("{name}", name)


def _pick(things: list, count: int, rng: np.random.Generator) -> list:
    """Pick ``count`` different ones of ``things``."""
    return [things[i] for i in rng.permutation(len(things))[:count]]
