"""Figures of answers: of the validation questions at each evaluation, and of the test."""

import json
from collections.abc import Callable, Mapping

import numpy as np

from keras_suite.data.spreadsheets import all_as_shown
from keras_suite.metrics.finite import require_finite
from keras_suite.tasks.persian_qa.answer_spans import best_answers, unless_none
from keras_suite.tasks.persian_qa.answers_page import answer_rows, page
from keras_suite.tasks.persian_qa.out_of_reach import out_of_reach
from keras_suite.tasks.persian_qa.pquad import Question, evenly_spaced
from keras_suite.tasks.persian_qa.span_qa import span_loss
from keras_suite.tasks.persian_qa.squad_metrics import best_threshold, squad_report
from keras_suite.tasks.persian_qa.windows import Windows

MEASURED = "loss", "exact_match", "f1", "threshold"
SHOWN_ANSWERS = 100


def validation_measures(
    windows: Windows, questions: list[Question], max_answer_tokens: int
) -> dict[str, Callable[[np.ndarray, np.ndarray], float]]:
    """Return functions from the windows' labels and logits to the figures of an evaluation.

    They are the loss, and exact match and F1 with the threshold for "there is no answer" that is
    best on these questions, and that threshold. All share one look at the same logits.
    """
    latest: dict = {"logits": None}

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


def answered(
    windows: Windows,
    logits: np.ndarray,
    questions: list[Question],
    max_answer_tokens: int,
    threshold: float,
) -> tuple[dict[str, float], dict[str, str], dict[str, float]]:
    """Return the figures of the test questions, the answers, and the scores that there is none.

    The logits are start and end ``[tokens, 2]``; above the threshold of the scores, the answer is
    none. The other arguments are those of :func:`best_answers`.
    """
    require_finite(logits)
    answers, scores = best_answers(windows, logits, questions, max_answer_tokens)
    answers = unless_none(answers, scores, threshold)
    return squad_report(answers, questions), answers, scores


def answer_files(
    windows: Windows,
    questions: list[Question],
    max_answer_tokens: int,
    notice: str,
    answers: Mapping[str, str],
    no_answer_scores: Mapping[str, float],
) -> dict[str, str]:
    """Return texts by file name: all answers, a page to read, and what none could be right on.

    The notice says what the person must see of the data; answers and scores are those of
    :func:`answered`.
    """
    shown = evenly_spaced(questions, SHOWN_ANSWERS)
    rows = answer_rows(shown, answers, no_answer_scores)
    lost = out_of_reach(windows, questions, max_answer_tokens)
    return {
        "predictions.json": json.dumps(answers, ensure_ascii=False, indent=1) + "\n",
        "answers.html": page(shown, rows, notice),
        "answers.csv": f"\ufeff{all_as_shown(rows).to_csv(index=False)}",  # the mark of UTF-8
        "out_of_reach.csv": all_as_shown(lost).to_csv(index=False),
    }
