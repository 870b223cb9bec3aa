"""How a person is told what is wrong, for all tests of files and flags."""

import re

import pytest

from keras_suite.errors import InputError


def refused(sentence: str, begins_with=""):
    """Expect an InputError of one line that begins so and goes on to match the sentence."""
    start = re.escape(str(begins_with))
    return pytest.raises(InputError, match=rf"\A{start}.*(?:{sentence}).*\Z")
