"""A page to read predicted answers on, beside the accepted ones and the text they come from."""

import itertools
import re
from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from keras_suite.tasks.persian_qa.pquad import Question
from keras_suite.tasks.persian_qa.squad_metrics import exact_match, f1

Spans = list[tuple[int, int]]

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: auto; padding: 1rem }}
article {{ border-top: 1px solid #bbb; padding: 0.5rem 0 1rem }}
[lang=fa] {{ font: 1.1rem/2 Vazirmatn, "Noto Naskh Arabic", Tahoma, sans-serif }}
h2[lang=fa] {{ font-size: 1.25rem; font-weight: bold; margin: 0.5rem 0 }}
.context {{ white-space: pre-line }}
.figures, dt {{ color: #555 }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: 0 }}
dt, dd {{ margin: 0; line-height: 2 }}
mark {{ background: none; color: inherit }}
.answer {{ background: #bfe0f5 }}
.predicted {{ border-bottom: 3px solid #d55e00 }}
.notice {{ color: #d55e00; font-weight: bold }}
</style>
</head>
<body>
<h1>{title}</h1>
{notice}<p>In the texts, <mark class="answer">accepted answers</mark> are shaded and the
<mark class="predicted">predicted answer</mark> is underlined.</p>
{articles}
</body>
</html>
"""
ARTICLE = """<article>
<h2 dir="rtl" lang="fa">{question}</h2>
<p class="figures">{id}: exact match {exact_match:.0f}, F1 {f1:.1f}, no-answer score \
{no_answer_score:.2f}</p>
<dl>
<dt>accepted</dt><dd>{answers}</dd>
<dt>predicted</dt><dd>{prediction}</dd>
</dl>
<p class="context" dir="rtl" lang="fa">{context}</p>
</article>"""


def answer_rows(
    questions: Sequence[Question],
    answers: Mapping[str, str],
    no_answer_scores: Mapping[str, float],
) -> pd.DataFrame:
    """Return a row for each question, with what is accepted and predicted, and how right that is.

    Args:
        questions: the ones to show, in that order.
        answers: a text for each question's id, "" for "there is no answer".
        no_answer_scores: of each question's id.

    Raises:
        KeyError: for a question without an answer or a score.
    """
    return pd.DataFrame([_row(q, answers[q.id], no_answer_scores[q.id]) for q in questions])


def page(questions: Sequence[Question], rows: pd.DataFrame, notice: str = "") -> str:
    """Return a self-contained HTML page of questions.

    Texts are laid out as Persian, from right to left. Where the predicted text stands in the
    context several times, the place marked is the one that shares most with an accepted answer.

    Args:
        questions: as for :func:`answer_rows`.
        rows: of them.
        notice: shown on top, such as that the data are a sample.
    """
    shown = zip(questions, rows.to_dict("records"), strict=True)
    return PAGE.format(
        title=f"{len(rows):,} predicted answers",
        notice=f'<p class="notice">{escape(notice)}</p>\n' if notice else "",
        articles="\n".join(_article(question, row) for question, row in shown),
    )


def _row(question: Question, prediction: str, no_answer_score: float) -> dict:
    answers = [answer.text for answer in question.answers]
    return {
        "id": question.id,
        "title": question.title,
        "question": question.text,
        "answers": " | ".join(answers),
        "prediction": prediction,
        "exact_match": exact_match(prediction, answers),
        "f1": f1(prediction, answers),
        "no_answer_score": no_answer_score,
        "context": question.context,
    }


def _article(question: Question, row: dict) -> str:
    answers = [answer.text for answer in question.answers]
    texts = {
        "id": escape(row["id"]),
        "question": escape(row["question"]),
        "answers": _persian(answers),
        "prediction": _persian([row["prediction"]] if row["prediction"] else []),
        "context": _marked(question, row["prediction"]),
    }
    return ARTICLE.format(**row | texts)


def _persian(texts: list[str]) -> str:
    if not texts:
        return "no answer"
    return "<br>".join(f'<bdi dir="rtl" lang="fa">{escape(text)}</bdi>' for text in texts)


def _marked(question: Question, prediction: str) -> str:
    """Return the context with the answers and the prediction marked; the marks may overlap."""
    context = question.context
    answers = [(answer.start, answer.start + len(answer.text)) for answer in question.answers]
    marks = {"answer": answers, "predicted": _place(prediction, context, answers)}
    ends = itertools.chain.from_iterable(itertools.chain.from_iterable(marks.values()))
    pieces = []
    for start, end in itertools.pairwise(sorted({0, len(context), *ends})):
        names = [
            name
            for name, spans in marks.items()
            if any(first <= start and end <= last for first, last in spans)
        ]
        text = escape(context[start:end])
        pieces.append(f'<mark class="{" ".join(names)}">{text}</mark>' if names else text)
    return "".join(pieces)


def _place(prediction: str, context: str, answers: Spans) -> Spans:
    if not prediction:
        return []
    found = [match.span() for match in re.finditer(re.escape(prediction), context)]

    def shared(span: tuple[int, int]) -> int:
        return max((min(span[1], end) - max(span[0], start) for start, end in answers), default=0)

    return [max(found, key=shared)] if found else []
