"""What a person can put right."""

import re
import textwrap

STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class InputError(ValueError):
    """Bad input: data, a flag or a folder that cannot be used as it is.

    The message is one sentence for the person at the terminal: what is wrong, where, and what to
    do. Commands print it on standard error without a traceback and exit with 2. What it quotes of
    files, servers and names cannot steer the terminal.
    """

    def __init__(self, sentence: str):
        super().__init__(printable(sentence))


def printable(text: object) -> str:
    """Write what a file, a server or a name says so that it cannot steer the terminal.

    Control characters, line ends, halves of characters and what turns the direction become "?".
    """
    return STEERING.sub("?", str(text))


def in_a_line(error: Exception | str, width: int = 200) -> str:
    """Return what a library says was wrong, as part of a sentence."""
    return textwrap.shorten(str(error), width, placeholder=" ...")
