"""Figures of answers: of the validation questions at each evaluation, and of the test."""

from collections.abc import Callable

import numpy as np

from keras_suite.tasks.persian_qa.answer_spans import best_answers, unless_none
from keras_suite.tasks.persian_qa.pquad import Question
from keras_suite.tasks.persian_qa.span_qa import span_loss
from keras_suite.tasks.persian_qa.squad_metrics import best_threshold, squad_report
from keras_suite.tasks.persian_qa.windows import Windows

MEASURED = "loss", "exact_match", "f1", "threshold"


def validation_measures(
    windows: Windows, questions: list[Question], max_answer_tokens: int
) -> dict[str, Callable[[np.ndarray, np.ndarray], float]]:
    """Return functions from the windows' labels and logits to the figures of an evaluation.

    They are the loss, and exact match and F1 with the threshold for "there is no answer" that is
    best on these questions, and that threshold. All share one look at the same logits.

    Args:
        windows: of the questions.
        questions: to validate on.
        max_answer_tokens: the longest span that is an answer.
    """
    latest = {"logits": None}

    def measure(name: str, logits: np.ndarray) -> float:
        if latest["logits"] is not logits:
            spans = windows.without_padding(logits)
            answers, scores = best_answers(windows, spans, questions, max_answer_tokens)
            threshold, _ = best_threshold(scores, answers, questions)
            figures = squad_report(unless_none(answers, scores, threshold), questions)
            loss = float(span_loss(windows.labels, logits).numpy().mean())
            latest.update(figures, loss=loss, threshold=threshold, logits=logits)
        return latest[name]

    return {f"val_{name}": lambda _, y, name=name: measure(name, y) for name in MEASURED}
