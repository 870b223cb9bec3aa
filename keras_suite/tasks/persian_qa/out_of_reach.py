"""Gold answers that no span of whole tokens gives, with the reason."""

import numpy as np
import pandas as pd

from keras_suite.tasks.persian_qa.answer_spans import best_answers
from keras_suite.tasks.persian_qa.pquad import Question
from keras_suite.tasks.persian_qa.windows import Windows


def out_of_reach(
    windows: Windows, questions: list[Question], max_answer_tokens: int
) -> pd.DataFrame:
    """Find the questions whose first answer a model that is always right could not give.

    Texts are compared without regard to whitespace. Questions, of which unanswerable ones are
    passed over, stand in the order of ``windows.question``.

    Returns:
        A row for each: ``id``, ``answer``, ``nearest`` (the nearest span, "" for none) and
        ``reason``: that it is too long, ends within a token, has no token at an end (an invisible
        character, say), or lies in no window as a whole.
    """
    length = np.zeros(len(questions), np.int64)
    np.maximum.at(length, windows.question, np.diff(windows.labels)[:, 0] + 1)
    in_window = np.zeros(len(questions), bool)
    np.logical_or.at(in_window, windows.question, windows.labels[:, 0] > 0)
    nearest, _ = best_answers(windows, _sure_of_labels(windows), questions, length.max())
    rows = []
    for question, tokens, held in zip(questions, length.tolist(), in_window, strict=True):
        if not question.is_answerable:
            continue
        answer, span = question.answers[0].text, nearest[question.id] if held else ""
        reason = _reason("".join(answer.split()), "".join(span.split()), tokens, max_answer_tokens)
        if reason:
            rows.append({"id": question.id, "answer": answer, "nearest": span, "reason": reason})
    return pd.DataFrame(rows, columns=["id", "answer", "nearest", "reason"])


def _sure_of_labels(windows: Windows) -> np.ndarray:
    """Logits ``[tokens, 2]`` of a model that is sure of each window's labels."""
    logits = np.zeros((len(windows.spans), 2), np.float32)
    logits[windows.encoded.offsets[:-1, None] + windows.labels, [0, 1]] = 1
    return logits


def _reason(answer: str, span: str, tokens: int, max_answer_tokens: int) -> str:
    if not span:
        return "lies in no window as a whole"
    if tokens > max_answer_tokens:
        return f"has more than {max_answer_tokens} tokens"
    if span == answer:
        return ""
    return "ends within a token" if len(span) > len(answer) else "has no token at an end"
