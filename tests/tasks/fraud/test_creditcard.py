import gzip
import zipfile

import numpy as np
import pytest

from keras_suite.data.provenance import Provenance, sha256_of_file
from keras_suite.errors import InputError
from keras_suite.tasks.fraud import creditcard
from keras_suite.tasks.fraud.creditcard import NAMES
from tests.data.web import serve

HEADER = ",".join(creditcard.COLUMNS)


def row(number: int, label: int) -> str:
    values = np.random.default_rng(number).normal(size=29).round(3)
    return ",".join(map(str, [float(number), *values, label]))


def lines(count: int = 20, frauds: int = 3) -> list[str]:
    return [HEADER, *(row(i, int(i < frauds)) for i in range(count))]


def with_cell(number: int, column: str, value: str) -> list[str]:
    """The table with one cell changed; ``number`` counts data rows from 1."""
    changed = lines()
    cells = changed[number].split(",")
    cells[creditcard.COLUMNS.index(column)] = value
    changed[number] = ",".join(cells)
    return changed


def write(path, content: list[str]):
    path.write_text("\n".join(content) + "\n")
    return path


@pytest.mark.parametrize("name", NAMES)
def test_csv_gz_and_zip_are_read_by_file_or_by_folder(tmp_path, name):
    text, file = "\n".join(lines()), tmp_path / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("creditcard.csv", text)
    else:
        file.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    for given in (file, tmp_path):
        table = creditcard.load("real", given)
        assert list(table.frame.columns) == creditcard.COLUMNS
        assert table.frame.shape == (20, 31)
        assert table.frame["Class"].sum() == 3
        assert table.provenance == Provenance(name, "real", 20, sha256_of_file(file))
        assert table.notice == ""


def test_columns_in_another_order_and_quoted_cells_are_understood(tmp_path):
    swapped = [",".join(f'"{cell}"' for cell in reversed(line.split(","))) for line in lines()]
    table = creditcard.load("real", write(tmp_path / "creditcard.csv", swapped))
    expected = creditcard.load("real", write(tmp_path / "plain.csv", lines()))
    assert table.frame.equals(expected.frame)


BAD_TABLES = [
    ([line.rpartition(",")[0] for line in lines()], r"row 0 \(line 1\): the header lacks 'Class'"),
    ([f"{HEADER},V1", *(f"{x},3" for x in lines()[1:])], "the header has besides 'V1'"),
    (with_cell(4, "V7", "abc"), r"row 4 \(line 5\), column V7: 'abc' is not a number"),
    (with_cell(4, "V7", "1\x002"), "row 4|cannot be read"),
    (with_cell(5, "V9", ""), r"row 5 \(line 6\), column V9: the cell is empty"),
    (with_cell(5, "Amount", "NaN"), r"row 5 \(line 6\), column Amount: 'NaN' is not a fin"),
    (with_cell(5, "Amount", "inf"), r"row 5 \(line 6\), column Amount: 'inf'"),
    (with_cell(7, "Class", "2"), r"row 7 \(line 8\), column Class: Class is 2"),
    ([*lines()[:-1], lines()[-1][:40]], r"row 20 \(line 21\): \d cells, but the header has 31"),
    ([*lines()[:3], f"{lines()[3]},9", *lines()[4:]], r"row 3 \(line 4\): 32 cells"),
    ([HEADER, *(f"{line},9" for line in lines()[1:])], r"row 1 \(line 2\): 32 cells"),
    ([HEADER], "a header and no rows"),
    (lines(frauds=0), "All 20 rows .* have Class 0"),
]


@pytest.mark.parametrize(("content", "sentence"), BAD_TABLES, ids=range(len(BAD_TABLES)))
def test_a_bad_table_is_named_by_file_row_and_column(tmp_path, content, sentence):
    file = write(tmp_path / "creditcard.csv", content)
    with pytest.raises(InputError, match=sentence) as caught:
        creditcard.load("real", file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_download_of_other_counts_is_refused_and_leaves_nothing(own_cache):
    content = "\n".join(lines()).encode()
    sentence = "20 rows with 3 frauds, the public file 284,807 rows with 492 frauds"
    with serve(content) as (url, _), pytest.raises(InputError, match=sentence) as caught:
        creditcard.load("auto", url=url)
    assert str(caught.value).startswith(url)  # not the name of a file that is gone
    assert not list(own_cache.iterdir())


def test_a_file_of_the_public_counts_is_taken_from_the_cache(own_cache):
    frauds, legal = creditcard.FRAUDS, creditcard.ROWS - creditcard.FRAUDS
    own_cache.mkdir()
    nothing = "0," * 30
    write(own_cache / NAMES[0], [HEADER, *[f"{nothing}1"] * frauds, *[f"{nothing}0"] * legal])
    assert creditcard.load("real", url="http://127.0.0.1:9/").provenance.rows == creditcard.ROWS
