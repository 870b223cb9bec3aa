"""Exact match and F1 of extracted answers, as SQuAD version 2 is scored, for Persian texts.

Source: the evaluation script of Rajpurkar, Jia and Liang, "Know What You Don't Know: Unanswerable
Questions for SQuAD", ACL 2018. Only the normalisation of the texts differs.
"""

import string
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from keras_suite.metrics.finite import require_finite
from keras_suite.tasks.persian_qa.pquad import Question

# What Arabic keyboards, older texts and hurried typists write for a letter of the Persian alphabet.
LETTERS = {"ی": "يىئ", "ک": "ك", "ه": "ةۀەۂہھ", "ا": "أإٱ", "و": "ؤ"}
LETTERS = {variant: letter for letter, variants in LETTERS.items() for variant in variants}
TATWEEL = "ـ"


def normalize(text: str) -> str:
    """Return a text as answers are compared: what spellings of one answer have in common.

    Compatibility forms (NFKC) and Arabic letters become the Persian ones, all digits ASCII, all
    letters lower case; vowel signs, tatweel, punctuation and invisible signs vanish; white space is
    squeezed. The zero-width non-joiner vanishes too, rather than become a space: it stands within
    one word, as in «می‌رود», and the official script does not split there either, so counts of
    words stay comparable. Unlike that script, English articles stay: Persian has none, and a Latin
    "a" or "the" in a Persian text is part of a name.
    """
    letters = unicodedata.normalize("NFKC", text).lower()
    plain = "".join(map(_plain, letters))
    # Accents that stood behind a removed sign now join the letter before it.
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """Return 100 where the prediction is one of the answers once normalised, else 0.

    The prediction "" says that there is no answer; an unanswerable question has no answers.
    """
    return 100.0 * (normalize(prediction) in _gold(answers))


def f1(prediction: str, answers: Sequence[str]) -> float:
    """Return the F1 of the prediction's words against the answer that fits best, 0..100.

    An empty text fits an empty text only; both arguments are those of :func:`exact_match`.
    """
    words = normalize(prediction).split()
    return max(_word_f1(words, answer.split()) for answer in _gold(answers))


def squad_report(predictions: Mapping[str, str], questions: Sequence[Question]) -> dict:
    """Measure predictions, a text for each question's id, as the official script does.

    Returns:
        exact_match and f1 (means, 0..100) and total, the number of questions; where there are
        answerable ones, has_answer_exact_match, has_answer_f1 and has_answer_total of these; where
        there are unanswerable ones, no_answer_accuracy (the share predicted empty, 0..100) and
        no_answer_total.

    Raises:
        KeyError: for a question without a prediction.
    """
    exact, partial = (
        np.array([score(predictions[each.id], each.texts) for each in questions])
        for score in (exact_match, f1)
    )
    answerable = np.array([question.is_answerable for question in questions])
    report = {"exact_match": float(exact.mean()), "f1": float(partial.mean())}
    report["total"] = len(questions)
    if answerable.any():
        report["has_answer_exact_match"] = float(exact[answerable].mean())
        report["has_answer_f1"] = float(partial[answerable].mean())
        report["has_answer_total"] = int(answerable.sum())
    if not answerable.all():
        report["no_answer_accuracy"] = float(exact[~answerable].mean())
        report["no_answer_total"] = int((~answerable).sum())
    return report


def best_threshold(
    no_answer_score: Mapping[str, float],
    predictions: Mapping[str, str],
    questions: Sequence[Question],
) -> tuple[float, float]:
    """Find the score above which the empty answer is best given instead of the predicted one.

    Choose it on validation questions: on those it was chosen on, its F1 flatters. Unlike the
    official script, questions of the same score are decided alike.

    Args:
        no_answer_score: of each question's id, finite; such as the score of no answer minus that
            of the best stretch.
        predictions: the best stretch's text for each question's id.
        questions: at least one.

    Returns:
        The threshold with the highest mean F1, the lowest of several, and that F1 (0..100). Where
        always giving the empty answer is best, the threshold lies just below all scores.

    Raises:
        KeyError: for a question without a prediction or a score.
        InputError: where a score is not finite.
    """
    scores = np.array([no_answer_score[each.id] for each in questions], "float64")
    require_finite(scores)
    empty = np.array([f1("", each.texts) for each in questions])
    given = np.array([f1(predictions[each.id], each.texts) for each in questions])
    order = np.argsort(scores, kind="stable")
    scores, gains = scores[order], (given - empty)[order]
    # Total F1 where the first 0, 1, ... n questions are answered; a cut lies between two scores.
    totals = empty.sum() + np.concatenate([[0.0], gains.cumsum()])
    thresholds = np.concatenate([[np.nextafter(scores[0], -np.inf)], scores])
    cuts = np.flatnonzero(np.append(np.diff(thresholds) > 0, True))
    best = cuts[np.argmax(totals[cuts])]
    return float(thresholds[best]), float(totals[best] / len(questions))


@cache
def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    vowel_sign = category == "Mn" and unicodedata.name(character).startswith("ARABIC")
    punctuation = category.startswith("P") or character in string.punctuation
    vanishes = vowel_sign or punctuation or category == "Cf" or character == TATWEEL
    return "" if vanishes else LETTERS.get(character, character)


def _gold(answers: Sequence[str]) -> list[str]:
    """Return the answers normalised; one of signs alone does not count in the official script."""
    return [text for text in map(normalize, answers) if text] or [""]


def _word_f1(predicted: list[str], answer: list[str]) -> float:
    if not predicted or not answer:
        return 100.0 * (predicted == answer)
    shared = (Counter(predicted) & Counter(answer)).total()
    return 200.0 * shared / (len(predicted) + len(answer))
