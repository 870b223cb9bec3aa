"""Rows of cells that a person gives a served model, from a csv file or the command line."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from keras_suite.data.csv_rows import csv_rows
from keras_suite.errors import InputError


@dataclass(frozen=True)
class Rows:
    """Some rows, and the places where they stand, for messages."""

    columns: list[str]
    cells: list[list[str]]
    places: list[str]


def read_csv(path: Path, wanted: list[str], at_once: int) -> Iterator[Rows]:
    """Read a csv file in UTF-8 with a header, ``at_once`` rows at a time, so that any length fits.

    The wanted columns may stand in any order among others. InputError names the file, row (the
    first is 1) and line of what is wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv_rows(file, str(path))
            _, header = next(rows, (None, None))
            if header is None:
                raise InputError(f"{path} is empty: give a csv file with a header.")
            for name in wanted:
                if (times := header.count(name)) != 1:
                    raise InputError(
                        f"{path} has the column {name!r} {times} times in its header, but must "
                        f"have once each: {', '.join(wanted)}."
                    )
            picks = [header.index(name) for name in wanted]
            part = list(islice(rows, at_once))
            if not part:
                raise InputError(f"{path} has a header but no rows.")
            while part:
                cells = [[row[pick] for pick in picks] for _, row in part]
                yield Rows(wanted, cells, [place for place, _ in part])
                part = list(islice(rows, at_once))
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error.reason}): save it as UTF-8.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
