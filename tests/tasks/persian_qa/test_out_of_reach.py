import pytest

from keras_suite.data.wordpiece import wordpiece_of
from keras_suite.tasks.persian_qa.out_of_reach import out_of_reach
from keras_suite.tasks.persian_qa.pquad import Answer, Question, load_questions
from keras_suite.tasks.persian_qa.windows import make_windows

CONTEXT = "کتابخانهٔ شیراز ۷۲۰ جلد\u200c کتاب دارد و در شهر شیراز است"


@pytest.fixture(scope="module")
def tokenizer():
    return wordpiece_of([CONTEXT], 200)


def question(answer, name="1", context=CONTEXT):
    answers = (Answer(answer, context.index(answer)),) if answer else ()
    return Question(name, "کجاست؟", context, answers, "t")


def reasons(asked, tokenizer, max_answer_tokens=30, max_length=48, stride=8):
    windows = make_windows(asked, tokenizer, max_length, stride)
    found = out_of_reach(windows, asked, max_answer_tokens)
    return dict(zip(found["id"], found["reason"], strict=True))


def test_answers_of_whole_tokens_and_unanswerable_questions_are_in_reach(tokenizer):
    asked = [question("شیراز", "1"), question("شهر شیراز", "2"), question("", "3")]
    assert reasons(asked, tokenizer) == {}


def test_an_answer_that_cuts_a_word_in_two_ends_within_a_token(tokenizer):
    assert reasons([question("کتابخان")], tokenizer) == {"1": "ends within a token"}


def test_an_answer_that_ends_in_an_invisible_character_has_no_token_there(tokenizer):
    assert reasons([question("جلد\u200c")], tokenizer) == {"1": "has no token at an end"}


def test_an_answer_of_more_tokens_than_allowed_is_too_long(tokenizer):
    asked = [question("در شهر شیراز است")]
    assert reasons(asked, tokenizer, 4) == {}
    assert reasons(asked, tokenizer, 3) == {"1": "has more than 3 tokens"}


def test_an_answer_longer_than_any_window_lies_in_none(tokenizer):
    asked = [question("شیراز ۷۲۰ جلد\u200c کتاب دارد و در شهر شیراز", "1"), question("شهر", "2")]
    lost = reasons(asked, tokenizer, 30, max_length=12, stride=2)
    assert lost == {"1": "lies in no window as a whole"}


def test_the_rows_name_the_answer_and_the_nearest_span(tokenizer):
    asked = [question("کتابخان", "1987")]
    found = out_of_reach(make_windows(asked, tokenizer, 48, 8), asked, 30)
    expected = {"id": "1987", "answer": "کتابخان", "nearest": "کتابخانهٔ"}
    assert found.to_dict("records") == [expected | {"reason": "ends within a token"}]


@pytest.mark.real
def test_all_answers_of_pquad_but_some_forty_are_spans_of_whole_tokens(real_data):
    found = load_questions("real", real_data / "pquad")
    tokenizer = wordpiece_of(sorted({each.context for each in found.train}), 8000)
    lost = {}
    for name in ("train", "validation", "test"):
        asked = getattr(found, name)
        lost[name] = out_of_reach(make_windows(asked, tokenizer, 512, 128), asked, 512)
    assert {name: len(rows) for name, rows in lost.items()} == {
        "train": 23,
        "validation": 3,
        "test": 16,
    }
    reasons = {reason for rows in lost.values() for reason in rows["reason"]}
    assert reasons == {"ends within a token", "has no token at an end"}
