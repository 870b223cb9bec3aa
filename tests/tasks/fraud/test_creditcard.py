import gzip

import numpy as np
import pandas as pd
import pytest

from keras_suite.data.provenance import Provenance, sha256_of_file
from keras_suite.tasks.fraud import creditcard
from keras_suite.tasks.fraud.creditcard import NAMES
from tests.data.refusals import refused
from tests.data.test_reading import zipped
from tests.data.web import serve

HEADER = ",".join(creditcard.COLUMNS)


def lines(frauds: int = 3, changed: int = -1, **cells) -> list[str]:
    """A table of 20 rows; ``changed`` (from 1) has some other cells."""
    numbers = np.random.default_rng(0).normal(size=(20, 31)).round(3)
    frame = pd.DataFrame(numbers, columns=creditcard.COLUMNS, dtype=object)
    frame["Class"] = [int(i < frauds) for i in range(20)]
    for name, cell in cells.items():
        frame[name] = frame[name].where(frame.index != changed - 1, cell)
    return frame.to_csv(index=False).splitlines()


def write(path, content: list[str], end: str = "\n"):
    path.write_text(end.join(content) + end, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("name", NAMES)
def test_csv_gz_and_zip_are_read_by_file_or_by_folder(tmp_path, name):
    content, file = "\n".join(lines()).encode(), tmp_path / name
    file.write_bytes({".zip": zipped, ".gz": gzip.compress}.get(file.suffix, bytes)(content))
    for given in (file, tmp_path):
        table = creditcard.load("real", given)
        assert (list(table.frame.columns), len(table.frame)) == (creditcard.COLUMNS, 20)
        assert table.frame["Class"].sum() == 3
        assert table.provenance == Provenance(name, "real", 20, sha256_of_file(file))
        assert table.notice == ""


def test_columns_in_another_order_and_quoted_cells_are_understood(tmp_path):
    swapped = [",".join(f'"{cell}"' for cell in reversed(line.split(","))) for line in lines()]
    tables = [creditcard.read(write(tmp_path / "a.csv", each)) for each in (lines(), swapped)]
    assert tables[0].frame.equals(tables[1].frame)


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n\n"])
def test_lines_end_as_any_system_ends_them(tmp_path, end):
    tables = [creditcard.read(write(tmp_path / "a.csv", lines(), each)) for each in ("\n", end)]
    assert tables[0].frame.equals(tables[1].frame)
    with refused(r"row 4 \(line \d+\), column V7: 'abc' is not a number"):
        creditcard.read(write(tmp_path / "a.csv", lines(changed=4, V7="abc"), end))


BAD_TABLES = [
    ([line.rpartition(",")[0] for line in lines()], r"row 0 \(line 1\): the header lacks 'Class'"),
    (lines(changed=4, V7="abc"), r"row 4 \(line 5\), column V7: 'abc' is not a number"),
    (lines(changed=4, V7="1_0"), r"row 4 \(line 5\), column V7: '1_0' is not a number"),
    (lines(changed=4, V7="١٢"), r"row 4 \(line 5\), column V7: '١٢' is not a number"),
    (lines(changed=4, V7="x" * 9999), "column V7: 'x{39} is not a number"),
    (lines(changed=4, V7="9" * 9999), "column V7: '9{39} is not a finite number"),
    (
        [*lines()[:4], '"' + lines()[4], *lines()[5:]],
        r"row 4 \(line 5\): no row .* a quote that is not closed",
    ),
    ([line.replace(",", ";") for line in lines()], "header lacks 'Time', .* commas between them"),
    (lines(changed=4, V7="1\x002"), "row 4|cannot be read"),
    (lines(changed=5, V9=""), r"row 5 \(line 6\), column V9: the cell is empty"),
    (lines(changed=5, Amount="NaN"), r"row 5 \(line 6\), column Amount: 'NaN' is not a fin"),
    (lines(changed=5, Amount="inf"), r"row 5 \(line 6\), column Amount: 'inf'"),
    (lines(changed=7, Class="2"), r"row 7 \(line 8\), column Class: Class is 2"),
    ([*lines()[:-1], lines()[-1][:40]], r"row 20 \(line 21\): \d cells, but the header has 31"),
    ([HEADER, *(f"{line},9" for line in lines()[1:])], r"row 1 \(line 2\): 32 cells"),
    ([HEADER], "a header and no rows"),
    (lines(frauds=0), "All 20 rows .* have Class 0"),
]


@pytest.mark.parametrize(("content", "sentence"), BAD_TABLES, ids=range(len(BAD_TABLES)))
def test_a_bad_table_is_named_by_file_row_and_column(tmp_path, content, sentence):
    file = write(tmp_path / "creditcard.csv", content)
    with refused(sentence) as caught:
        creditcard.load("real", file)
    assert str(file) in str(caught.value)


def test_only_a_file_of_the_public_counts_is_taken_from_the_network_or_the_cache(own_cache):
    sentence = "has 20 rows with 3 frauds, the public file 284,807 rows with 492 frauds"
    with serve("\n".join(lines()).encode()) as (url, _):
        with refused(sentence, url):  # not a file that is gone
            creditcard.load("auto", url=url)
        assert not list(own_cache.iterdir())
    counted = ["0," * 30 + "1"] * creditcard.FRAUDS
    counted += ["0," * 30 + "0"] * (creditcard.ROWS - creditcard.FRAUDS)
    write(own_cache / NAMES[0], [HEADER, *counted])
    table = creditcard.load("real", url=url)
    assert table.provenance.rows == creditcard.ROWS
    assert "of another hash than what was published: creditcard.csv;" in table.notice
