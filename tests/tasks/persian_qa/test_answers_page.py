from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_suite.tasks.persian_qa.answers_page import answer_rows, page
from keras_suite.tasks.persian_qa.pquad import Answer, Question

CONTEXT = "تهران پایتخت ایران است. تهران در شمال ایران است."
LATER = CONTEXT.rindex("تهران")


class Page(HTMLParser):
    """What a browser would show: the tags, the text of each element of a class, and the marks."""

    def __init__(self, html):
        super().__init__()
        self.html, self.tags, self.attributes, self.texts, self.open = html, [], [], {}, []
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


def question(*answers, name="q1", text="پایتخت ایران کجاست؟", context=CONTEXT) -> Question:
    return Question(name, text, context, answers, "ایران")


def rows_of(questions, predictions):
    return answer_rows(questions, predictions, dict.fromkeys(predictions, -1.5))


def shown(questions, predictions, notice=""):
    return Page(page(questions, rows_of(questions, predictions), notice))


def marks(page, name):
    """The marked stretches, without the page's own two that explain the marks."""
    explained = {"answer": ["accepted answers"], "predicted": ["predicted answer"]}.get(name, [])
    found = page.texts.get(name, [])
    assert found[: len(explained)] == explained
    return found[len(explained) :]


def test_a_question_is_shown_with_its_answers_and_scores_from_right_to_left():
    found = shown([question(Answer("تهران", 0))], {"q1": "شهر تهران"})
    (article,) = found.texts["article"]
    for part in ("پایتخت ایران کجاست؟", "q1: exact match 0, F1 66.7, no-answer score -1.50"):
        assert part in article
    assert found.texts["context"][-1] == CONTEXT
    persian = [each for each in found.attributes if each.get("lang") == "fa"]
    assert len(persian) == 4  # question, answer, prediction, context
    assert all(each["dir"] == "rtl" for each in persian)


@pytest.mark.parametrize(
    ("answers", "prediction", "expected"),
    [
        ([("تهران", 0)], "", {"answer": ["تهران"]}),
        ([], "ایران", {"predicted": ["ایران"]}),
        ([("تهران", LATER)], "تهران", {"answer predicted": ["تهران"]}),
        (
            [("تهران پایتخت", 0)],
            "پایتخت ایران",
            {"answer": ["تهران "], "answer predicted": ["پایتخت"], "predicted": [" ایران"]},
        ),
        (
            [("تهران", 0), ("تهران پایتخت", 0)],
            "ایران",
            {"answer": ["تهران", " پایتخت"], "predicted": ["ایران"]},
        ),
        ([("تهران", 0)], "شیراز", {"answer": ["تهران"]}),
    ],
)
def test_answers_and_prediction_are_marked_in_the_text(answers, prediction, expected):
    asked = question(*(Answer(*answer) for answer in answers))
    found = shown([asked], {"q1": prediction})
    for name in ("answer", "predicted", "answer predicted"):
        assert marks(found, name) == expected.get(name, [])
    assert found.texts["context"][-1] == CONTEXT


def test_the_prediction_is_marked_where_it_meets_an_answer():
    found = shown([question(Answer("تهران در شمال", LATER))], {"q1": "تهران"})
    text = found.html.split('class="context"')[1]
    assert text.index("پایتخت") < text.index('<mark class="answer predicted">تهران</mark>')


def test_no_answer_is_said_so():
    found = shown([question()], {"q1": ""})
    assert found.texts["dd"] == ["no answerno answer"]
    assert "exact match 100" in found.texts["article"][0]


def test_texts_cannot_become_part_of_the_page():
    script = "<script>alert(1)</script> & \"x\" 'y' {z}"
    asked = question(
        Answer(script, 0), name="<b>", text=f"{script}؟", context=f"{script} <i>&lt;</i>"
    )
    found = shown([asked], {"<b>": script}, notice="SAMPLE <u>")
    assert not {"script", "i", "b", "u"} & set(found.tags)
    article = found.texts["article"][0]
    assert f"{script}؟" in article
    assert "<b>: exact match 100" in article
    assert found.texts["context"][-1] == f"{script} <i>&lt;</i>"
    assert found.texts["notice"] == ["SAMPLE <u>"]


def test_the_page_needs_nothing_else_and_is_well_formed():
    found = shown([question()] * 3, {"q1": "ایران"})
    assert found.open == []
    assert found.tags.count("article") == 3
    assert not any({"src", "href"} & set(each) for each in found.attributes)
    assert "notice" not in found.texts
    assert {"charset": "utf-8"} in found.attributes


def test_the_table_tells_what_is_accepted_and_predicted_and_how_right_that_is():
    asked = question(Answer("تهران", 0), Answer("تهران پایتخت", 0), text='چرا،"\nبله"؟')
    rows = rows_of([asked, question(name="q2")], {"q1": "تهران", "q2": ""})
    first, second = rows.to_dict("records")
    assert first == {
        "id": "q1",
        "title": "ایران",
        "question": 'چرا،"\nبله"؟',
        "answers": "تهران | تهران پایتخت",
        "prediction": "تهران",
        "exact_match": 100.0,
        "f1": 100.0,
        "no_answer_score": -1.5,
        "context": CONTEXT,
    }
    assert second["answers"] == second["prediction"] == ""


def test_a_question_without_a_prediction_is_not_passed_over():
    with pytest.raises(KeyError, match="q1"):
        rows_of([question()], {})


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@given(TEXT, st.data())
def test_whatever_is_marked_the_text_stays_whole(context, data):
    cuts = st.integers(0, len(context))
    spans = data.draw(st.lists(st.tuples(cuts, cuts).map(sorted), max_size=4))
    answers = [Answer(context[start:end], start) for start, end in spans if start < end]
    start, end = sorted(data.draw(st.tuples(cuts, cuts)))
    found = shown([question(*answers, context=context)], {"q1": context[start:end]})
    assert found.texts["context"][-1] == context
    marked = marks(found, "predicted") + marks(found, "answer predicted")
    assert "".join(sorted("".join(marked))) == "".join(sorted(context[start:end]))
