"""The rows of a csv file, one at a time."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from keras_suite.errors import InputError


def csv_rows(lines: Iterable[str], called: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each row's place, for messages, and its cells; the header is row 0.

    The lines have their ends as they are (``newline=""``); messages call the file ``called``.

    Raises:
        InputError: where no row can be read, or a row has more or fewer cells than the header.
    """
    reader = csv.reader(lines, strict=True)
    number = width = 0
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
        if not cells:  # an empty line
            continue
        width = width or len(cells)
        if len(cells) != width:
            raise InputError(
                f"{place}: {len(cells)} cells, but the header has {width}; look for a comma that "
                "is not in quotes, or for the end of a file that was cut off."
            )
        yield place, cells
        number += 1


def csv_records(
    content: bytes, called: str, columns: list[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each row's place, for messages, and its cells by column; the first row is 1.

    The content is UTF-8 and not blank; it must have the columns, in any order.

    Raises:
        InputError: as :func:`csv_rows`, and for other columns.
    """
    rows = csv_rows(io.TextIOWrapper(io.BytesIO(content), "utf-8", newline=""), called)
    place, header = next(rows)
    lacking, surplus = Counter(columns) - Counter(header), Counter(header) - Counter(columns)
    if lacking or surplus:
        what = "lacks" if lacking else "has besides"
        names = ", ".join(f"{name!r:.40}" for name in islice(lacking or surplus, 5))
        once = f"it must have these columns once, commas between them: {', '.join(columns)}"
        raise InputError(f"{place}: the header {what} {names}; {once}.")
    for place, cells in rows:
        yield place, dict(zip(header, cells, strict=True))
