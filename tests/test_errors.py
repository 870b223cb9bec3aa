import sys

import pytest

from keras_suite.errors import InputError, printable

STEERING = [
    "\x1b]0;owned\x07",
    "one\ntwo",
    "\r",
    "\x7f",
    "\x9b2J",
    "\u2028",
    "\u202e",
    "\u2066",
    "\ud83d",
]


@pytest.mark.parametrize("quoted", STEERING)
def test_what_an_error_quotes_cannot_steer_the_terminal_or_add_a_line(quoted):
    shown = str(InputError(f"before {quoted} after"))
    assert shown.isprintable()
    assert (shown[:7], shown[-6:], len(shown)) == ("before ", " after", 13 + len(quoted))
    assert shown.encode()


def test_letters_of_every_script_stay_as_they_are():
    letters = "naïve\xa05 نیم\u200cفاصله 中 \U0001f600"
    assert printable(letters) == letters
    whole = "".join(map(chr, range(sys.maxunicode + 1)))
    assert len(whole) - sum(a == b for a, b in zip(whole, printable(whole), strict=True)) == 2124
