import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.tasks.persian_qa.answers_page import answer_rows, page
from keras_suite.tasks.persian_qa.pquad import Answer, Question

CONTEXT = "تهران پایتخت ایران است. تهران در شمال ایران است."
BOTH = "answer predicted"
MARKED = [
    (["تهران"], "", [("answer", "تهران")]),
    ([], "ایران", [("predicted", "ایران")]),
    (["تهران پ"], "پایتخت", [("answer", "تهران "), (BOTH, "پ"), ("predicted", "ایتخت")]),
    (["تهران", "تهران پایتخت"], "شیراز", [("answer", "تهران"), ("answer", " پایتخت")]),
    (["تهران در"], "تهران", [(BOTH, "تهران"), ("answer", " در")]),  # where it meets an answer
]
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


def question(*answers, name="q1", text="پایتخت ایران کجاست؟", context=CONTEXT) -> Question:
    return Question(name, text, context, answers, "ایران")


def rows_of(asked, prediction):
    return answer_rows([asked], {asked.id: prediction}, {asked.id: -1.5})


def shown(asked, prediction, notice=""):
    return page([asked], rows_of(asked, prediction), notice)


def context_and_marks(found):
    """The text that a browser would show as the context, and its marks with their names."""
    (context,) = re.findall(r'<p class="context" dir="rtl" lang="fa">(.*?)</p>', found, re.DOTALL)
    marks = re.findall(r'<mark class="([a-z ]+)">(.*?)</mark>', context, re.DOTALL)
    plain = re.sub('<mark class="[a-z ]+">|</mark>', "", context)
    assert "<" not in plain
    return html.unescape(plain), [(names, html.unescape(text)) for names, text in marks]


def test_a_question_is_shown_with_answers_and_scores_from_right_to_left_and_nothing_else():
    found = shown(question(Answer("تهران", 0)), "شهر تهران")
    assert "پایتخت ایران کجاست؟</h2>" in found
    assert "q1: exact match 0, F1 66.7, no-answer score -1.50" in found
    assert found.count('dir="rtl" lang="fa"') == 4  # question, answer, prediction, context
    assert not re.search(r'\b(src|href)=|class="notice"', found)
    none = shown(question(), "", notice="SAMPLE")
    assert len(re.findall(r"no answer\s*</dd>", none)) == 2
    assert "exact match 100" in none
    assert '<p class="notice">SAMPLE</p>' in none


@pytest.mark.parametrize(("answers", "prediction", "expected"), MARKED)
def test_answers_and_prediction_are_marked_in_the_text(answers, prediction, expected):
    asked = question(*(Answer(answer, CONTEXT.index(answer)) for answer in answers))
    assert context_and_marks(shown(asked, prediction)) == (CONTEXT, expected)


@settings(max_examples=50)
@given(TEXT, st.data())
def test_whatever_is_marked_the_text_stays_whole(context, data):
    cuts = st.integers(0, len(context))
    spans = data.draw(st.lists(st.tuples(cuts, cuts).map(sorted), max_size=4))
    answers = [Answer(context[start:end], start) for start, end in spans if start < end]
    start, end = sorted(data.draw(st.tuples(cuts, cuts)))
    found, marks = context_and_marks(shown(question(*answers, context=context), context[start:end]))
    assert found == context
    assert "".join(text for names, text in marks if "predicted" in names) == context[start:end]


def test_texts_cannot_become_part_of_the_page():
    script = "<script>alert(1)</script> & \"x\" 'y' {z}"
    asked = question(Answer(script, 0), name="<b>", text=f"{script}؟", context=f"{script} &lt;")
    found = shown(asked, script, notice="SAMPLE <u>")
    assert not re.search("<(script|b|u)>", found)
    assert f"{script}؟" in html.unescape(found)
    assert context_and_marks(found) == (asked.context, [("answer predicted", script)])


def test_the_table_tells_what_is_accepted_and_predicted_and_how_right_that_is():
    asked = question(Answer("تهران", 0), Answer("تهران پایتخت", 0))
    (row,) = rows_of(asked, "تهران").to_dict("records")
    texts = {"id": "q1", "title": "ایران", "question": asked.text, "context": CONTEXT}
    scores = {"exact_match": 100.0, "f1": 100.0, "no_answer_score": -1.5}
    assert row == texts | scores | {"answers": "تهران | تهران پایتخت", "prediction": "تهران"}
    with pytest.raises(KeyError, match="q1"):
        answer_rows([asked], {}, {})
