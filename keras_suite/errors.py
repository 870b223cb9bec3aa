"""What a person can put right."""

import textwrap


class InputError(ValueError):
    """Bad input: data, a flag or a folder that cannot be used as it is.

    The message is one sentence for the person at the terminal: what is wrong, where, and what to
    do. Commands print it on standard error without a traceback and exit with 2.
    """


def in_a_line(error: Exception | str, width: int = 200) -> str:
    """Return what a library says was wrong, as part of a sentence."""
    return textwrap.shorten(str(error), width, placeholder=" ...")
