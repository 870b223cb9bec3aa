"""The rows of a csv file, one at a time."""

import csv
from collections.abc import Iterable, Iterator

from keras_suite.errors import InputError


def csv_rows(lines: Iterable[str], called: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each row's place, for messages, and its cells; the header is row 0.

    Args:
        lines: with their ends as they are (``newline=""``).
        called: what the file is called.

    Raises:
        InputError: where no row can be read.
    """
    reader = csv.reader(lines, strict=True)
    number = 0
    while True:
        place = f"{called}, row {number} (line {reader.line_num + 1})"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InputError(
                f"{place}: no row of a csv file can be read from here ({error}); look for a quote "
                "that is not closed, or for the end of a file that was cut off."
            ) from error
        if cells is None:
            return
        if cells:  # not an empty line
            yield place, cells
            number += 1
