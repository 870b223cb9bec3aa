"""The ULB credit-card table: 284,807 card payments of two days in 2013, 492 of them frauds.

Source: Worldline and the Machine Learning Group of Université Libre de Bruxelles; columns Time
(seconds since the first row), V1..V28 (principal components), Amount (euros) and Class (1 =
fraud). TensorFlow publishes a copy.
"""

import io
import math
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from keras_suite.data.csv_rows import csv_records
from keras_suite.data.download import cache_folder
from keras_suite.data.needs import Need
from keras_suite.data.provenance import Loaded, Provenance, sha256_of_arrays, sha256_of_file
from keras_suite.data.reading import read_text_bytes, reading
from keras_suite.data.source import (
    Kind,
    find_file,
    from_cache,
    load_data,
    notice_of_others,
    require_public,
)
from keras_suite.errors import InputError
from keras_suite.tasks.fraud import creditcard_stand_in

URL = "https://storage.googleapis.com/download.tensorflow.org/data/creditcard.csv"
SHA256 = "76274b691b16a6c49d3f159c883398e03ccd6d1ee12d9d8ee38f4b4b98551a89"  # of Kaggle's file
ROWS, FRAUDS = 284_807, 492
FEATURES = [*(f"V{i}" for i in range(1, 29)), "Amount"]
COLUMNS = ["Time", *FEATURES, "Class"]
NAMES = "creditcard.csv", "creditcard.csv.gz", "creditcard.zip"


@dataclass(frozen=True)
class Table(Loaded):
    """The card payments, one a row: ``COLUMNS`` in order, float64, without a missing value."""

    frame: pd.DataFrame


def needs() -> list[Need]:
    """Say where the table is published."""
    place = cache_folder() / NAMES[0]
    return [Need("creditcard.csv", URL, "151 MB", "DbCL 1.0", place)]


def load(kind: Kind = "auto", data_dir: Path | None = None, url: str = URL) -> Table:
    """Load the table from a given place, else the cache, else the network, else the stand-in.

    ``data_dir`` is the file itself (csv, csv.gz or zip) or its folder; any number of rows will do.
    The public copy lies at ``url``.

    Raises:
        InputError: naming file, row and column of what is wrong, or what to fetch to where.
    """
    cached = cache_folder() / NAMES[0]
    return load_data(
        kind,
        data_dir,
        sample=_stand_in,
        read=lambda place: read(find_file(place, *NAMES)),
        fetch=lambda: from_cache(url, cached, _read_public),
        remedy=f"fetch {NAMES[0]} from {URL} and put it at {cached}",
    )


def read(path: Path, called: str = "") -> Table:
    """Read and check one csv, csv.gz or zip file of the table's columns.

    Raises:
        InputError: for a file that is no such table, naming row and column.
    """
    called = called or str(path)
    frame = _parse(read_text_bytes(path, called, "table"), called)
    provenance = Provenance(path.name, "real", len(frame), sha256_of_file(path))
    return Table(frame, provenance=provenance)


def drawn(table: Table, rows: int, seed: int) -> Table:
    """Drop exact duplicates, and draw so many rows at the table's fraud rate; 0 keeps all.

    Raises:
        InputError: where so many cannot be drawn.
    """
    from sklearn.model_selection import train_test_split

    frame = table.frame.drop_duplicates(ignore_index=True)
    if 0 < rows < len(frame):
        given = {"train_size": rows, "stratify": frame["Class"], "random_state": seed}
        try:
            frame = train_test_split(frame, **given)[0]
        except ValueError as error:  # too few to draw, to leave, or of a class
            why = f"{rows:,} of {len(frame):,} rows cannot be drawn ({error})"
            raise InputError(f"{why}: choose more --rows, or 0 for all.") from error
    return replace(table, frame=frame)


def told_apart(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the first of the rows that a model gets the same features of, float32.

    Raises:
        InputError: where a single one is left.
    """
    kept = frame.loc[~frame[FEATURES].astype("float32").duplicated()]
    if len(kept) < 2:
        raise InputError("All rows are one payment but for the time: use more rows.")
    return kept


def _read_public(path: Path, called: str) -> Table:
    table = read(path, called)
    rows, frauds = len(table.frame), int(table.frame["Class"].to_numpy().sum())
    counts = "{:,} rows with {} frauds"
    require_public(called, counts.format(rows, frauds), counts.format(ROWS, FRAUDS))
    return replace(table, notice=notice_of_others({path: SHA256}, sha256_of_file))


def _stand_in() -> Table:
    frame = creditcard_stand_in.draw()
    source, sha256 = "simulated card payments", sha256_of_arrays(frame.to_numpy())
    return Table(frame, provenance=Provenance(source, "sample", len(frame), sha256))


def _parse(content: bytes, called: str) -> pd.DataFrame:
    next(csv_records(content, called, COLUMNS), None)  # checks the header
    with reading(called, "table"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                frame: Any = pd.read_csv(io.BytesIO(content), dtype="float64", index_col=False)
        except (ValueError, pd.errors.ParserWarning) as error:
            _name_bad_cell(content, called)
            raise ValueError(str(error)) from error
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


def _name_bad_cell(content: bytes, called: str) -> None:
    """Raise for the first cell that is wrong; slow and plain, run only when there is one."""
    for place, record in csv_records(content, called, COLUMNS):
        for name, cell in record.items():
            if complaint := _complaint(name, cell):
                raise InputError(f"{place}, column {name}: {complaint}.")


def _complaint(name: str, cell: str) -> str:
    if not cell.strip():
        return "the cell is empty"
    try:
        # Python alone reads 1_000, and digits of other scripts.
        value = float(cell.encode("ascii", "replace").replace(b"_", b"?"))
    except ValueError:
        return f"{cell!r:.40} is not a number"
    if not math.isfinite(value):
        return f"{cell!r:.40} is not a finite number; drop or fill such rows first"
    if name == "Class" and value not in (0, 1):
        return f"Class is {cell:.40}, but only 0 (legitimate) and 1 (fraud) are known"
    return ""
