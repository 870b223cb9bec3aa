import gzip
import json

import pytest

from keras_suite.errors import InputError
from keras_suite.tasks.persian_qa.squad_file import Answer, Question, parse_document, read_file
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


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], r"file: an object with the key 'data' was expected, not \[\]"),
        ({"version": 1}, "file lacks the key 'data'"),
        ({"data": "x"}, "file: 'data' must be a list, not 'x'"),
        ({"data": [3]}, "file, article 1: an object with the key 'title'"),
        ({"data": [{"paragraphs": []}]}, "file, article 1 lacks the key 'title'"),
        ({"data": [{"title": "", "paragraphs": [{}]}]}, "article 1, paragraph 1 lacks .*'context'"),
        ({"data": [article("ایران", CONTEXT)]}, "holds no questions"),
        (asked(id=None), "file, article 1, paragraph 1, question 1 lacks the key 'id'"),
        (asked(id=7), "question 1: 'id' must be a text, not 7"),
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
    ],
)
def test_a_bad_document_is_named_by_its_place(tmp_path, document, sentence):
    path = tmp_path / "file"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=sentence) as caught:
        read_file(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.json.gz", gzip.compress(json.dumps(asked()).encode(), mtime=0)[:-20], "Compressed fil"),
        ("a.json", b'{"data": [\n{"title": "x",\n}]}', "line 3 column 1"),
        ("a.json", b"[" * 100_000, "recursion"),
    ],
)
def test_a_file_that_is_no_json_is_named(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"is damaged, cut off or no JSON .*{sentence}") as caught:
        read_file(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


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
    sentence = "Test.json: 3 of 200 answers do not stand .* first one of question '0-a'"
    with pytest.raises(InputError, match=sentence):
        parse_document(misplaced(3, whole=False), "Test.json")
