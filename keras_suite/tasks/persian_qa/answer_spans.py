"""Answers out of the logits of a span model."""

import unicodedata
from collections.abc import Mapping

import numpy as np

from keras_suite.tasks.persian_qa.pquad import Question
from keras_suite.tasks.persian_qa.windows import Windows

MAX_ANSWER_TOKENS = 30


def best_answers(
    windows: Windows,
    logits: np.ndarray,
    questions: list[Question],
    max_answer_tokens: int = MAX_ANSWER_TOKENS,
) -> tuple[dict[str, str], dict[str, float]]:
    """Cut each question's best answer out of its context, and score that there is none.

    The best of all spans of context tokens that end where they start or later, in one window, is
    that of the highest start logit + end logit. That there is no answer has the score of SQuAD's
    script for BERT: start logit + end logit of [CLS], the lowest of all windows, less those of the
    best span.

    The logits of start and end ``[tokens, 2]`` are of the tokens of ``windows.encoded``, the
    questions in the order of ``windows.question``, and spans of up to ``max_answer_tokens``.

    Returns:
        By question id the answer, and by question id the score that there is none.
    """
    spans, borders = windows.spans, windows.encoded.offsets
    best, length = _best_spans(windows, logits, max_answer_tokens)
    first_windows = np.flatnonzero(np.diff(windows.question, prepend=-1))
    no_answer = np.minimum.reduceat(logits[borders[:-1]].sum(axis=1), first_windows)
    first_tokens = borders[[*first_windows, -1]]
    answers, scores = {}, {}
    for i, question in enumerate(questions):
        start = first_tokens[i] + best[first_tokens[i] : first_tokens[i + 1]].argmax()
        first, last = spans[start, 0], spans[start + length[start], 1]
        answers[question.id] = _cut(question.context, first, last)
        scores[question.id] = float(no_answer[i] - best[start])
    return answers, scores


def unless_none(
    answers: Mapping[str, str], no_answer_scores: Mapping[str, float], threshold: float
) -> dict[str, str]:
    """Replace each answer by "" where the score that there is none exceeds the threshold."""
    return {key: "" if no_answer_scores[key] > threshold else text for key, text in answers.items()}


def _best_spans(
    windows: Windows, logits: np.ndarray, max_answer_tokens: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return, for a span that starts with each token, its score and how much further it ends."""
    in_context = windows.spans[:, 0] >= 0
    starts, ends = np.where(in_context, logits.T, -np.inf)
    window = np.repeat(np.arange(len(windows)), windows.encoded.lengths)
    best, length = starts + ends, np.zeros(len(window), np.int64)
    for further in range(1, min(max_answer_tokens, windows.encoded.lengths.max())):
        score = starts[:-further] + ends[further:]
        score[window[:-further] != window[further:]] = -np.inf
        better = np.flatnonzero(score > best[:-further])
        best[better], length[better] = score[better], further
    return best, length


def _cut(context: str, first: int, last: int) -> str:
    """Cut a span out, with the marks on its last letter, which may be no token's."""
    while last < len(context) and unicodedata.combining(context[last]):
        last += 1
    return context[first:last].strip()
