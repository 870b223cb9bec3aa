"""Rows of cells that a person gives a served model, from a csv file or the command line."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from keras_suite.data.csv_rows import csv_rows
from keras_suite.errors import InputError


@dataclass(frozen=True)
class Rows:
    """Some rows, and where each of them stands, for messages.

    Args:
        columns: names, m of them.
        cells: n rows of m texts.
        places: n.
    """

    columns: list[str]
    cells: list[list[str]]
    places: list[str]


def read_csv(path: Path, wanted: list[str] | int, at_once: int) -> Iterator[Rows]:
    """Read a csv file with a header in parts, so that a file of any length fits into memory.

    Args:
        path: the file, in UTF-8.
        wanted: names of columns, which may stand in any order among others; or how many the file
            must have.
        at_once: how many rows a part has; the last one may have fewer.

    Raises:
        InputError: naming file, row (the first is 1) and line of what is wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = _even_rows(file, str(path))
            _, header = next(rows, (None, None))
            if header is None:
                raise InputError(f"{path} is empty: give a csv file with a header.")
            picks = _picks(header, wanted, str(path))
            read = 0
            while part := list(islice(rows, at_once)):
                read += len(part)
                cells = [[row[pick] for pick in picks] for _, row in part]
                yield Rows([header[pick] for pick in picks], cells, [place for place, _ in part])
            if not read:
                raise InputError(f"{path} has a header but no rows.")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error.reason}): save it as UTF-8.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _even_rows(file, called: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each row's place and cells, the header first; all have as many cells as it."""
    width = None
    for place, cells in csv_rows(file, called):
        width = width or len(cells)
        if len(cells) != width:
            raise InputError(f"{place}: {len(cells)} cells, but the header has {width}.")
        yield place, cells


def _picks(header: list[str], wanted: list[str] | int, called: str) -> list[int]:
    """Return the places of the wanted columns in the header."""
    if isinstance(wanted, int):
        if len(header) != wanted:
            raise InputError(f"{called} has {len(header)} columns, but the model reads {wanted}.")
        if all(map(is_number, header)):
            raise InputError(f"{called} has numbers in its first row: give it a header.")
        return list(range(wanted))
    for name in wanted:
        if header.count(name) != 1:
            raise InputError(
                f"{called} has the column {name!r} {header.count(name)} times in its header, but "
                f"must have once each: {', '.join(wanted)}."
            )
    return [header.index(name) for name in wanted]


def is_number(cell: str) -> bool:
    """Whether Python reads a cell as a number, which NaN and infinity are, too."""
    try:
        float(cell)
    except ValueError:
        return False
    return True
