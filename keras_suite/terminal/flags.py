"""Flags of a command, and what a person reads of one that is refused."""

import contextlib
import io
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import tyro

from keras_suite.errors import InputError

T = TypeVar("T")


def read_flags(kind: Callable[..., T], arguments: Sequence[str], prog: str, about: str = "") -> T:
    """Return what a class or function, whose parameters are the flags, makes of a command line.

    The arguments are the words after the command, ``prog``; ``about`` is for ``--help``, by default
    the docstring of ``kind``. Raises InputError with a sentence on a flag that is unknown, missing
    or not of its type, and SystemExit with code 0 on ``--help``.
    """
    shown = io.StringIO()
    try:
        with contextlib.redirect_stderr(shown):
            return tyro.cli(kind, args=arguments, prog=prog, description=about or None)
    except SystemExit as end:
        if not end.code:
            raise
        raise InputError(f"{_sentence(shown.getvalue())}; see {prog} --help.") from None


def _sentence(box: str) -> str:
    """Return the first paragraph of the box that is drawn, and the flag that it suggests."""
    lines = " ".join(line.strip(" │") for line in box.splitlines())
    _, said, *more = [each.strip() for each in re.split("[─╭╮╰╯]{2,}|-{3,}", lines) if each.strip()]
    said = re.sub("^Error parsing [A-Z]\\w*: ", "", said)  # of a class that checks its fields
    meant = re.search(r"meant:.*?(--[\w-]+)", " ".join(more))
    return said.removesuffix(".") + (f" (did you mean {meant[1]}?)" if meant else "")
