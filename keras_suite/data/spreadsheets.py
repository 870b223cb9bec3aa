"""Texts of others in csv files that people open."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
FORMULAS = ("=", "+", "-", "@", "\t", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}")
FORMULAS += ("\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")


def as_shown(text: str) -> str:
    """Return a text that a spreadsheet shows and a terminal prints, and neither obeys.

    What begins as a formula does gets an apostrophe before it (OWASP, "CSV Injection"); control
    characters other than line ends and tabs become "?".
    """
    text = CONTROLS.sub("?", text)
    return f"'{text}" if text.startswith(FORMULAS) else text


def all_as_shown(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table whose texts are :func:`as_shown`; numbers stay."""
    return table.map(lambda cell: as_shown(cell) if isinstance(cell, str) else cell)
