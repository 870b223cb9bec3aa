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


def row(number: int, label: object, **cells) -> str:
    values = np.random.default_rng(number).normal(size=29).round(3)
    made = dict(zip(creditcard.COLUMNS, [float(number), *values, label], strict=True))
    return ",".join(map(str, (made | cells).values()))


def lines(frauds: int = 3, changed: int = -1, **cells) -> list[str]:
    """A table of 20 rows; ``changed`` (from 1) has some other cells."""
    others = [cells if i + 1 == changed else {} for i in range(20)]
    return [HEADER, *(row(i, int(i < frauds), **other) for i, other in enumerate(others))]


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
    tables = [creditcard.read(write(tmp_path / "a.csv", each)) for each in (lines(), swapped)]
    assert tables[0].frame.equals(tables[1].frame)


BAD_TABLES = [
    ([line.rpartition(",")[0] for line in lines()], r"row 0 \(line 1\): the header lacks 'Class'"),
    (lines(changed=4, V7="abc"), r"row 4 \(line 5\), column V7: 'abc' is not a number"),
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
    with pytest.raises(InputError, match=sentence) as caught:
        creditcard.load("real", file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_a_file_of_the_public_counts_is_taken_from_the_network_or_the_cache(own_cache):
    sentence = "^{}.* has 20 rows with 3 frauds, the public file 284,807 rows with 492 frauds"
    with serve("\n".join(lines()).encode()) as (url, _):
        with pytest.raises(InputError, match=sentence.format(url)):  # not a file that is gone
            creditcard.load("auto", url=url)
        assert not list(own_cache.iterdir())
    counted = ["0," * 30 + "1"] * creditcard.FRAUDS
    counted += ["0," * 30 + "0"] * (creditcard.ROWS - creditcard.FRAUDS)
    write(own_cache / NAMES[0], [HEADER, *counted])
    assert creditcard.load("real", url=url).provenance.rows == creditcard.ROWS
