import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.errors import InputError
from keras_suite.tasks.persian_qa.squad_file import Answer, Question, parse_document, read_file
from tests.data.refusals import refused
from tests.tasks.persian_qa.squad_form import article, articles, qa, write

CONTEXT = "تهران پایتخت ایران است و تهران بزرگ است."


def asked(**changes) -> dict:
    """A file of one question with some of its keys changed, or left out where they are None."""
    question = qa("q1", "پایتخت ایران کجاست؟", CONTEXT, "تهران") | changes
    question = {key: value for key, value in question.items() if value is not None}
    return {"data": [article("ایران", CONTEXT, question)]}


def answered(text: str, start: object) -> dict:
    return asked(answers=[{"text": text, "answer_start": start}])


@pytest.mark.parametrize("name", ["Test.json", "Test.json.gz"])
def test_questions_come_in_the_files_order_with_their_answers(tmp_path, name):
    file = read_file(write(tmp_path / name, articles(3, "😀")))  # one character
    assert " ".join(each.id for each in file.questions) == "😀0-a 😀0-b 😀1-a 😀1-b 😀2-a 😀2-b"
    first, second = file.questions[:2]
    context = "😀شهر شمارهٔ 0 در سال ۱۳00 ساخته شد."
    answers = (Answer("۱۳00", context.index("۱۳00")), Answer("سال ۱۳00", context.index("سال")))
    assert first == Question("😀0-a", "در چه سالی؟", context, answers, "😀0")
    assert (second.answers, second.is_answerable, first.is_answerable) == ((), False, True)
    assert (file.asked, file.notice) == (6, "")
    plausible = [{"text": "ایران", "answer_start": 0}]  # what SQuAD calls so is ignored
    document = asked(is_impossible=True, answers=[], plausible_answers=plausible)
    assert parse_document(document, "x").questions[0].answers == ()


ANSWERED = asked()["data"][0]["paragraphs"][0]["qas"][0]["answers"]
AS_TOOLS_WRITE = [
    (asked(id=7), "7", True),
    (asked(is_impossible=None), "q1", True),
    (asked(is_impossible=None, answers=[]), "q1", False),
    (asked(is_impossible=True, answers=None), "q1", False),
    (asked(is_impossible=True, answers=[{"text": "", "answer_start": -1}]), "q1", False),
    (asked(answers=[each | {"answer_id": 3, "answer_end": 9} for each in ANSWERED]), "q1", True),
]


@pytest.mark.parametrize(("document", "name", "is_answerable"), AS_TOOLS_WRITE)
@pytest.mark.parametrize("title", [{}, {"title": None}, {"title": ""}, {"title": 5}])
def test_what_tools_leave_out_or_write_otherwise_is_read_where_it_is_unambiguous(
    document, name, is_answerable, title
):
    first = {"paragraphs": document["data"][0]["paragraphs"], "document_id": 1} | title
    second = article("ب", CONTEXT, qa("q2", "؟", CONTEXT))
    file = parse_document({"data": [first, second]}, "x")
    assert [question.id for question in file.questions] == [name, "q2"]
    assert file.questions[0].is_answerable == is_answerable
    assert file.questions[0].title == str(title.get("title") or "article 1")
    assert file.notice == ""


DOCUMENTS = [
    ([], r": an object with the key 'data' was expected, not \[\]"),
    ({"version": 1}, " lacks the key 'data'"),
    ({"data": "x"}, ": 'data' must be a list, not 'x'"),
    ({"data": [3]}, ", article 1: an object with the key 'title'"),
    (
        {"data": [{"title": []}]},
        ", article 1: 'title' must be a text or a whole number, not \\[\\]",
    ),
    ({"data": [{"title": ""}]}, ", article 1 lacks the key 'paragraphs'"),
    ({"data": [{"title": "", "paragraphs": [{}]}]}, "article 1, paragraph 1 lacks .*'context'"),
    ({"data": [article("ایران", CONTEXT)]}, "holds no questions"),
    (asked(id=None), ", article 1, paragraph 1, question 1 lacks the key 'id'"),
    (asked(id=7.5), "question 1: 'id' must be a text or a whole number, not 7.5"),
    (asked(id=True), "question 1: 'id' must be a text or a whole number, not True"),
    (asked(is_impossible=None, answers=None), "lacks the key 'answers'"),
    (asked(is_impossible=True, answers=[{"text": "ا", "answer_start": 3}]), "but there are ans"),
    (asked(answers=None), r"question 1 \(id 'q1'\) lacks the key 'answers'"),
    (asked(is_impossible="no"), "must be true or false, not 'no'"),
    (answered("تهران", True), "'answer_start' must be a whole number, not True"),
    (asked(question=" "), r"\(id 'q1'\): the question is empty"),
    ({"data": [article("", " ", qa("q2", "؟", ""))]}, "q2'.: the context is"),
    (asked(is_impossible=True), "is true but there are answers"),
    (asked(answers=[]), "is_impossible is false but there are no answers"),
    (asked(question="\ud83d"), "'question' holds half a character"),
    ({"data": asked()["data"] * 2}, "article 2.* 'q1'.: an earlier question has"),
    (answered(" ", 5), "1 of 1 answers do not stand"),
    (answered("است.", -4), "1 of 1 answers do not stand"),
    (answered("تهران", 10_000), "1 of 1 answers do not stand"),
]
FILES = [(json.dumps(document).encode(), sentence) for document, sentence in DOCUMENTS]
FILES += [
    (gzip.compress(json.dumps(asked()).encode(), mtime=0)[:-20], "no JSON .*Compressed fil"),
    (b'{"data": [\n{"title": "x",\n]}', "is damaged, cut off or no JSON .*line 3 column 1"),
    (b"[" * 100_000, "is damaged, cut off or no JSON .*recursion"),
]


@pytest.mark.parametrize(("content", "sentence"), FILES, ids=range(len(FILES)))
def test_a_bad_file_is_named_with_the_place_of_what_is_wrong(tmp_path, content, sentence):
    path = tmp_path / ("file.gz" if content[:2] == b"\x1f\x8b" else "file")
    path.write_bytes(content)
    with refused(sentence, path):
        read_file(path)


KEYS = ["data", "title", "paragraphs", "context", "qas", "id", "question", "answers", "text"]
KEYS += ["answer_start", "is_impossible"]
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
JSON = st.recursive(
    VALUES,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.sampled_from(KEYS), parts),
    max_leaves=12,
)
ASKED = st.builds(lambda changes: asked(**changes), st.dictionaries(st.sampled_from(KEYS), JSON))


@settings(max_examples=300)
@given(JSON | ASKED)
def test_any_json_is_questions_or_one_sentence(document):
    try:
        file = parse_document(document, "Test.json")
    except InputError:
        return
    assert file.asked >= len(file.questions)


def misplaced(count: int, whole: bool) -> dict:
    """100 articles of 200 answers, of which so many are moved, with or without their twins."""
    data = articles(100)
    for each in data[:count]:
        moved = each["paragraphs"][0]["qas"][0]["answers"]
        for answer in moved if whole else moved[:1]:
            answer["answer_start"] += 1
    return {"data": data}


def test_few_answers_that_are_not_at_their_places_are_left_out_and_counted():
    file = parse_document(misplaced(2, whole=False), "Test.json")
    assert [answer.text for answer in file.questions[0].answers] == ["سال ۱۳00"]
    assert len(file.questions) == file.asked == 200
    assert file.notice.startswith("Test.json: answers left out")
    assert file.notice.endswith("in the context: 2.")
    file = parse_document(misplaced(1, whole=True), "Test.json")
    assert "0-a" not in {question.id for question in file.questions}
    assert (len(file.questions), file.asked) == (199, 200)
    assert file.notice.endswith(": 2; questions left out because no other answer remains: 1.")
    with refused("3 of 200 answers do not stand .* first one of question '0-a'", "Test.json: "):
        parse_document(misplaced(3, whole=False), "Test.json")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"question": " "}, "article 2, paragraph 1, question 1 (id '1-a'): the question is empty"),
        ({"id": "0-a"}, "question 1 (id '0-a'): an earlier question has the same id"),
        ({"answers": []}, "(id '1-a'): is_impossible is false but there are no answers"),
        ({"question": 3}, "(id '1-a'): 'question' must be a text, not 3"),
    ],
)
def test_few_odd_questions_are_left_out_and_the_first_is_named(change, sentence):
    data = articles(60)
    data[1]["paragraphs"][0]["qas"][0] |= change
    file = parse_document({"data": data}, "Train.json")
    assert (len(file.questions), file.asked) == (119, 120)
    assert file.notice.startswith("Odd questions left out: 1, the first: Train.json, article 2")
    assert sentence in file.notice
    for each in data[2:4]:
        each["paragraphs"][0]["qas"][0] |= {"question": " "}
    with refused(r"article 2, paragraph 1, question 1", "Train.json"):
        parse_document({"data": data}, "Train.json")
