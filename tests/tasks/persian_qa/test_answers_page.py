from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.tasks.persian_qa.answers_page import answer_rows, page
from keras_suite.tasks.persian_qa.pquad import Answer, Question

CONTEXT = "تهران پایتخت ایران است. تهران در شمال ایران است."
LATER = CONTEXT.rindex("تهران")


class Page(HTMLParser):
    """What a browser would show: the tags, the text of each element of a class, and the marks."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.texts, self.open = [], [], {}, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.attributes.append(attrs)
        if tag not in ("meta", "br"):
            self.open.append(attrs.get("class", tag))
        if tag in ("article", "mark"):
            self.texts.setdefault(self.open[-1], []).append("")

    def handle_endtag(self, tag):
        self.open.pop()

    def handle_data(self, text):
        for name in self.open:
            self.texts.setdefault(name, [""])[-1] += text

    def marks(self, name):
        """The marked stretches, without the page's own two that explain the marks."""
        return self.texts.get(name, [])[name in ("answer", "predicted") :]


def question(*answers, name="q1", text="پایتخت ایران کجاست؟", context=CONTEXT) -> Question:
    return Question(name, text, context, answers, "ایران")


def rows_of(questions, predictions):
    return answer_rows(questions, predictions, dict.fromkeys(predictions, -1.5))


def shown(questions, prediction, notice=""):
    rows = rows_of(questions, {question.id: prediction for question in questions})
    return Page(page(questions, rows, notice))


def test_questions_are_shown_with_answers_and_scores_from_right_to_left_and_nothing_else():
    found = shown([question(Answer("تهران", 0))], "شهر تهران")
    (article,) = found.texts["article"]
    assert "پایتخت ایران کجاست؟" in article
    assert "q1: exact match 0, F1 66.7, no-answer score -1.50" in article
    persian = [each for each in found.attributes if each.get("lang") == "fa"]
    assert len(persian) == 4  # question, answer, prediction, context
    assert all(each["dir"] == "rtl" for each in persian)
    found = shown([question()] * 3, "")
    assert found.texts["dd"] == ["no answer" * 6]
    assert "exact match 100" in found.texts["article"][0]
    assert (found.open, found.tags.count("article")) == ([], 3)
    assert not any({"src", "href"} & set(each) for each in found.attributes)
    assert "notice" not in found.texts


@pytest.mark.parametrize(
    ("answers", "prediction", "expected"),
    [
        ([("تهران", 0)], "", {"answer": ["تهران"]}),
        ([], "ایران", {"predicted": ["ایران"]}),
        (
            [("تهران پایتخت", 0)],
            "پایتخت ایران",
            {"answer": ["تهران "], "answer predicted": ["پایتخت"], "predicted": [" ایران"]},
        ),
        ([("تهران", 0), ("تهران پایتخت", 0)], "شیراز", {"answer": ["تهران", " پایتخت"]}),
        # The prediction is marked where it meets an answer.
        ([("تهران در", LATER)], "تهران", {"answer predicted": ["تهران"], "answer": [" در"]}),
    ],
)
def test_answers_and_prediction_are_marked_in_the_text(answers, prediction, expected):
    found = shown([question(*(Answer(*answer) for answer in answers))], prediction)
    for name in ("answer", "predicted", "answer predicted"):
        assert found.marks(name) == expected.get(name, [])
    assert found.texts["context"][-1] == CONTEXT


def test_texts_cannot_become_part_of_the_page():
    script = "<script>alert(1)</script> & \"x\" 'y' {z}"
    context = f"{script} <i>&lt;</i>"
    asked = question(Answer(script, 0), name="<b>", text=f"{script}؟", context=context)
    found = shown([asked], script, notice="SAMPLE <u>")
    assert not {"script", "i", "b", "u"} & set(found.tags)
    assert f"{script}؟" in found.texts["article"][0]
    assert "<b>: exact match 100" in found.texts["article"][0]
    assert found.texts["context"][-1] == context
    assert found.texts["notice"] == ["SAMPLE <u>"]


def test_the_table_tells_what_is_accepted_and_predicted_and_how_right_that_is():
    asked = question(Answer("تهران", 0), Answer("تهران پایتخت", 0))
    (row,) = rows_of([asked], {"q1": "تهران"}).to_dict("records")
    texts = {"id": "q1", "title": "ایران", "question": asked.text, "context": CONTEXT}
    scores = {"exact_match": 100.0, "f1": 100.0, "no_answer_score": -1.5}
    assert row == texts | scores | {"answers": "تهران | تهران پایتخت", "prediction": "تهران"}
    with pytest.raises(KeyError, match="q1"):
        rows_of([question()], {})


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@settings(max_examples=50)
@given(TEXT, st.data())
def test_whatever_is_marked_the_text_stays_whole(context, data):
    cuts = st.integers(0, len(context))
    spans = data.draw(st.lists(st.tuples(cuts, cuts).map(sorted), max_size=4))
    answers = [Answer(context[start:end], start) for start, end in spans if start < end]
    start, end = sorted(data.draw(st.tuples(cuts, cuts)))
    found = shown([question(*answers, context=context)], context[start:end])
    assert found.texts["context"][-1] == context
    marked = found.marks("predicted") + found.marks("answer predicted")
    assert sorted("".join(marked)) == sorted(context[start:end])
