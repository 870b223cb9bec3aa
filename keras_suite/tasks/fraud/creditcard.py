"""The ULB credit-card table: 284,807 card payments of two days in 2013, 492 of them frauds.

Source: Worldline and the Machine Learning Group of Université Libre de Bruxelles; columns Time
(seconds since the first row), V1..V28 (principal components), Amount (euros) and Class (1 =
fraud). TensorFlow publishes a copy.
"""

import csv
import gzip
import io
import math
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from keras_suite.data.download import NoNetworkError, cache_folder, download
from keras_suite.data.provenance import Provenance, asks_for_sample, sha256_of_file
from keras_suite.errors import InputError
from keras_suite.tasks.fraud import creditcard_stand_in

URL = "https://storage.googleapis.com/download.tensorflow.org/data/creditcard.csv"
ROWS, FRAUDS = 284_807, 492
FEATURES = [*(f"V{i}" for i in range(1, 29)), "Amount"]
COLUMNS = ["Time", *FEATURES, "Class"]
SUFFIXES = (".csv", ".csv.gz", ".zip")


@dataclass(frozen=True)
class Table:
    """The card payments, one a row.

    Args:
        frame: the columns of ``COLUMNS`` in that order, float64, without a missing value.
        provenance: where they came from.
        notice: a sentence the person must see, or "".
    """

    frame: pd.DataFrame
    provenance: Provenance
    notice: str = ""


def load(
    kind: Literal["auto", "real", "sample"] = "auto",
    data_dir: Path | None = None,
    url: str = URL,
) -> Table:
    """Load the table from a given place, else the cache, else the network, else the stand-in.

    Args:
        kind: "real" never falls back; "auto" falls back to the stand-in where there is no
            network; "sample" is the stand-in.
        data_dir: the file itself (csv, csv.gz or zip) or its folder. Any number of rows will do.
        url: where the public copy lies.

    Raises:
        InputError: naming file, row and column of what is wrong, or what to fetch and where to
            put it.
    """
    if asks_for_sample(kind, data_dir):
        return _stand_in()
    if data_dir is not None:
        return read(_find(Path(data_dir)))
    cached = cache_folder() / "creditcard.csv"
    if not cached.exists():
        try:
            download(url, cached, check=lambda path: _require_whole(read(path, url).frame, url))
        except NoNetworkError as error:
            if kind == "real":
                raise InputError(
                    f"No real rows here: {error}; fetch creditcard.csv from {URL} and put it at "
                    f"{cached}, or name it with --data-dir."
                ) from error
            return _stand_in(f" (No network: {error}.)")
    table = read(cached)
    _require_whole(table.frame, str(cached))
    return table


def read(path: Path, called: str = "") -> Table:
    """Read and check one csv, csv.gz or zip file of the table's 31 columns.

    Args:
        path: the file.
        called: what messages call it; its path by default.

    Raises:
        InputError: for a file that is no such table, naming row and column.
    """
    called = called or str(path)
    try:
        frame = _parse(_content(path), called)
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise InputError(f"{called} is damaged or cut off ({error}): fetch it again.") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{called} is not a text table (byte {error.start} is not UTF-8): "
            "give the csv, csv.gz or zip file."
        ) from error
    except OSError as error:
        raise InputError(f"{called} cannot be read: {error.strerror or error}.") from error
    return Table(frame, Provenance(path.name, "real", len(frame), sha256_of_file(path)))


def _stand_in(why: str = "") -> Table:
    frame = creditcard_stand_in.draw()
    provenance = Provenance(
        "simulated stand-in for the ULB table",
        "sample",
        len(frame),
        creditcard_stand_in.sha256(frame),
    )
    notice = (
        f"SAMPLE DATA: these are {len(frame):,} simulated rows, not card payments; "
        f"no figure below says anything about the real table.{why}"
    )
    return Table(frame, provenance, notice)


def _find(place: Path) -> Path:
    """Return the file itself, or the one a folder holds."""
    if place.is_file():
        return place
    if not place.is_dir():
        raise InputError(f"--data-dir {place} does not exist: name the file or its folder.")
    named = [place / f"creditcard{suffix}" for suffix in SUFFIXES]
    found = [path for path in named if path.is_file()][:1] or sorted(
        path for path in place.iterdir() if path.name.endswith(SUFFIXES)
    )
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(f"{place} holds no csv, csv.gz or zip file: put creditcard.csv there.")
    names = ", ".join(path.name for path in found)
    raise InputError(f"{place} holds several tables ({names}): name one with --data-dir.")


def _content(path: Path) -> bytes:
    if path.name.endswith(".gz"):
        return gzip.decompress(path.read_bytes())
    if not path.name.endswith(".zip"):
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if name.endswith(".csv")]
        if len(members) != 1:
            raise InputError(f"{path} must hold one csv file, not {len(members)}: unpack it first.")
        return archive.read(members[0])


def _parse(content: bytes, called: str) -> pd.DataFrame:
    _check_header(content, called)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(io.BytesIO(content), dtype="float64", index_col=False)
    except (ValueError, pd.errors.ParserWarning) as error:
        _name_bad_cell(content, called)
        raise InputError(f"{called} cannot be read as a table: {error}.") from error
    finite = frame.abs().to_numpy().max(initial=0) < math.inf  # False for NaN too
    if not finite or not frame["Class"].isin((0, 1)).all():
        _name_bad_cell(content, called)
    if frame.empty:
        raise InputError(f"{called} holds a header and no rows: fetch it again.")
    if frame["Class"].nunique() < 2:
        raise InputError(
            f"All {len(frame):,} rows of {called} have Class {frame['Class'].iloc[0]:.0f}: "
            "give a table with frauds and legitimate rows."
        )
    return frame[COLUMNS]


def _check_header(content: bytes, called: str) -> None:
    first_line = content.lstrip().partition(b"\n")[0].decode("utf-8-sig")
    if not first_line:
        raise InputError(f"{called} is empty: fetch it again.")
    if first_line.startswith("<"):
        raise InputError(f"{called} is a web page, not a table (an error page?): fetch it again.")
    header = next(csv.reader([first_line]))
    missing = [name for name in COLUMNS if name not in header]
    extra = [name for i, name in enumerate(header) if name not in COLUMNS or name in header[:i]]
    complaints = [
        f"{what} {', '.join(repr(name) for name in names)}"
        for what, names in (("lacks the column", missing), ("has an unknown column", extra))
        if names
    ]
    if complaints:
        raise InputError(
            f"{called}, header (row 0): {' and '.join(complaints)}; "
            "the columns are Time, V1 to V28, Amount and Class."
        )


def _name_bad_cell(content: bytes, called: str) -> None:
    """Raise for the first cell that is wrong; slow and plain, run only when there is one."""
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline=""))
    header = next(rows)
    for number, cells in enumerate((row for row in rows if row), start=1):
        where = f"{called}, row {number} (line {rows.line_num})"
        if len(cells) != len(header):
            raise InputError(f"{where}: {_wrong_length(cells, header)}.")
        for name, cell in zip(header, cells, strict=True):
            complaint = _complaint(name, cell)
            if complaint:
                raise InputError(f"{where}, column {name}: {complaint}.")


def _wrong_length(cells: list[str], header: list[str]) -> str:
    count = f"{len(cells)} cells instead of {len(header)}"
    if len(cells) > len(header):
        return f"{count}, more than there are columns after {header[-1]}; remove the rest"
    return f"{count}, none from column {header[len(cells)]} on; the file looks truncated"


def _complaint(name: str, cell: str) -> str:
    try:
        value = float(cell)
    except ValueError:
        return f"{cell!r} is not a number" if cell.strip() else "the cell is empty"
    if not math.isfinite(value):
        return f"{cell!r} is not a finite number; drop or fill such rows first"
    if name == "Class" and value not in (0, 1):
        return f"Class is {cell}, but only 0 (legitimate) and 1 (fraud) are known"
    return ""


def _require_whole(frame: pd.DataFrame, where: str) -> None:
    rows, frauds = len(frame), int(frame["Class"].sum())
    if (rows, frauds) != (ROWS, FRAUDS):
        raise InputError(
            f"{where} has {rows:,} rows with {frauds} frauds, the public table {ROWS:,} with "
            f"{FRAUDS}: delete it and fetch it again."
        )
