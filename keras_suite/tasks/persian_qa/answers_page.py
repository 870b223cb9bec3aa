"""A page to read predicted answers on, beside the accepted ones and the text they come from."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import jinja2
import pandas as pd

from keras_suite.tasks.persian_qa.pquad import Question
from keras_suite.tasks.persian_qa.squad_metrics import exact_match, f1

PAGE = """\
{% macro persian(texts) %}
{% for text in texts %}
<bdi dir="rtl" lang="fa">{{ text }}</bdi>{{ "" if loop.last else "<br>" | safe }}
{%- else %}
no answer
{%- endfor %}
{% endmacro %}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: auto; padding: 1rem }
article { border-top: 1px solid #bbb; padding: 0.5rem 0 1rem }
[lang=fa] { font: 1.1rem/2 Vazirmatn, "Noto Naskh Arabic", Tahoma, sans-serif }
h2[lang=fa] { font-size: 1.25rem; font-weight: bold; margin: 0.5rem 0 }
.context { white-space: pre-line }
.figures, dt { color: #555 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: 0 }
dt, dd { margin: 0; line-height: 2 }
mark { background: none; color: inherit }
.answer { background: #bfe0f5 }
.predicted { border-bottom: 3px solid #d55e00 }
.notice { color: #d55e00; font-weight: bold }
</style>
</head>
<body>
<h1>{{ title }}</h1>
{% if notice %}
<p class="notice">{{ notice }}</p>
{% endif %}
<p>In the texts, <mark class="answer">accepted answers</mark> are shaded and the
<mark class="predicted">predicted answer</mark> is underlined.</p>
{% for question, row in shown %}
<article>
<h2 dir="rtl" lang="fa">{{ row.question }}</h2>
<p class="figures">{{ "%s: exact match %.0f, F1 %.1f, no-answer score %.2f"
    | format(row.id, row.exact_match, row.f1, row.no_answer_score) }}</p>
<dl>
<dt>accepted</dt><dd>{{ persian(question.texts) }}</dd>
<dt>predicted</dt><dd>{{ persian([row.prediction] | select) }}</dd>
</dl>
<p class="context" dir="rtl" lang="fa">
{%- for names, text in pieces(question, row.prediction) -%}
{{ '<mark class="%s">%s</mark>' | safe | format(names, text) if names else text }}
{%- endfor %}
</p>
</article>
{% endfor %}
</body>
</html>
"""


def answer_rows(
    questions: Sequence[Question],
    answers: Mapping[str, str],
    no_answer_scores: Mapping[str, float],
) -> pd.DataFrame:
    """Return a row for each question, with what is accepted and predicted, and how right that is.

    Answers, "" for "there is no answer", and scores are by question id.

    Raises:
        KeyError: for a question without an answer or a score.
    """
    rows = [
        {
            "id": each.id,
            "title": each.title,
            "question": each.text,
            "answers": " | ".join(each.texts),
            "prediction": answers[each.id],
            "exact_match": exact_match(answers[each.id], each.texts),
            "f1": f1(answers[each.id], each.texts),
            "no_answer_score": no_answer_scores[each.id],
            "context": each.context,
        }
        for each in questions
    ]
    return pd.DataFrame(rows)


def page(questions: Sequence[Question], rows: pd.DataFrame, notice: str = "") -> str:
    """Return a self-contained HTML page of questions and their rows, the notice on top.

    Texts are laid out as Persian, from right to left. Where the predicted text stands in the
    context several times, the place marked is the one that shares most with an accepted answer.
    """
    template = jinja2.Template(PAGE, autoescape=True, trim_blocks=True, keep_trailing_newline=True)
    shown = zip(questions, rows.to_dict("records"), strict=True)
    title = f"{len(rows):,} predicted answers"
    return template.render(title=title, notice=notice, shown=shown, pieces=_pieces)


def _pieces(question: Question, prediction: str) -> list[tuple[str, str]]:
    """Cut the context where a mark begins or ends; give each piece with the names of its marks."""
    context, answers = question.context, [answer.span for answer in question.answers]

    def shared(span: tuple[int, int]) -> int:
        return max((min(span[1], end) - max(span[0], start) for start, end in answers), default=0)

    found = [match.span() for match in re.finditer(re.escape(prediction), context)]
    predicted = [max(found, key=shared)] if prediction and found else []
    marks = [("answer", *span) for span in answers] + [("predicted", *span) for span in predicted]
    ends = {0, len(context)}.union(*(span for _, *span in marks))
    pieces = []
    for start, end in pairwise(sorted(ends)):
        names = [name for name, first, last in marks if first <= start and end <= last]
        pieces.append((" ".join(dict.fromkeys(names)), context[start:end]))
    return pieces
