import pytest

from keras_suite.data.wordpiece import wordpiece_of
from keras_suite.tasks.persian_qa.out_of_reach import out_of_reach
from keras_suite.tasks.persian_qa.pquad import load_questions
from keras_suite.tasks.persian_qa.windows import make_windows
from tests.tasks.persian_qa.squad_form import ask

CONTEXT = "کتابخانهٔ شیراز ۷۲۰ جلد\u200c کتاب دارد و در شهر شیراز است"
ANSWERS = [
    ("", 48, 30, "", ""),
    ("شهر شیراز", 48, 30, "", ""),
    ("کتابخان", 48, 30, "کتابخانهٔ", "ends within a token"),
    ("جلد\u200c", 48, 30, "جلد", "has no token at an end"),
    ("در شهر شیراز است", 48, 4, "", ""),
    ("در شهر شیراز است", 48, 3, "در شهر شیراز است", "has more than 3 tokens"),
    ("دارد و در شهر شیراز", 9, 30, "", "lies in no window as a whole"),
]


@pytest.mark.parametrize(("answer", "length", "most", "nearest", "reason"), ANSWERS)
def test_an_answer_is_in_reach_where_it_is_of_whole_tokens_in_a_window(
    answer, length, most, nearest, reason
):
    asked = [ask(CONTEXT, answer, name="1987"), ask(CONTEXT, "شهر")]
    windows = make_windows(asked, wordpiece_of([CONTEXT], 200), length, 2)
    found = out_of_reach(windows, asked, most).to_dict("records")
    row = {"id": "1987", "answer": answer, "nearest": nearest, "reason": reason}
    assert found == ([row] if reason else [])


@pytest.mark.real
def test_all_answers_of_pquad_but_some_forty_are_spans_of_whole_tokens(real_data):
    found = load_questions("real", real_data / "pquad")
    tokenizer = wordpiece_of(sorted({each.context for each in found.train}), 8000)
    parts = (found.train, found.validation, found.test)
    lost = [out_of_reach(make_windows(part, tokenizer, 512, 128), part, 512) for part in parts]
    assert [len(rows) for rows in lost] == [23, 3, 16]
    reasons = {reason for rows in lost for reason in rows["reason"]}
    assert reasons == {"ends within a token", "has no token at an end"}
