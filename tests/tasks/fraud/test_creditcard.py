import gzip
import zipfile

import numpy as np
import pytest

from keras_suite.data.provenance import sha256_of_file
from keras_suite.errors import InputError
from keras_suite.tasks.fraud import creditcard
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


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_SUITE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".zip"])
@pytest.mark.parametrize("by_folder", [False, True])
def test_csv_gz_and_zip_are_read_by_file_or_by_folder(tmp_path, suffix, by_folder):
    text = "\n".join(lines())
    file = tmp_path / "given" / f"creditcard{suffix}"
    file.parent.mkdir()
    if suffix == ".csv":
        file.write_text(text)
    elif suffix == ".csv.gz":
        file.write_bytes(gzip.compress(text.encode()))
    else:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("creditcard.csv", text)
    table = creditcard.load("real", file.parent if by_folder else file)
    assert list(table.frame.columns) == creditcard.COLUMNS
    assert table.frame.shape == (20, 31)
    assert table.frame["Class"].sum() == 3
    assert table.provenance.kind == "real"
    assert table.provenance.rows == 20
    assert table.provenance.sha256 == sha256_of_file(file)
    assert table.notice == ""


def test_columns_in_another_order_and_quoted_cells_are_understood(tmp_path):
    swapped = [",".join(f'"{cell}"' for cell in reversed(line.split(","))) for line in lines()]
    table = creditcard.load("real", write(tmp_path / "creditcard.csv", swapped))
    expected = creditcard.load("real", write(tmp_path / "plain.csv", lines()))
    assert table.frame.equals(expected.frame)


BAD_TABLES = {
    "a missing column": (
        [line.rpartition(",")[0] for line in lines()],
        r"header \(row 0\): lacks the column 'Class'",
    ),
    "an extra column": (
        [f"{HEADER},Bank", *(f"{line},3" for line in lines()[1:])],
        r"header \(row 0\): has an unknown column 'Bank'",
    ),
    "a column twice": ([f"{HEADER},V1", *(f"{x},3" for x in lines()[1:])], "unknown column 'V1'"),
    "a word": (with_cell(4, "V7", "abc"), r"row 4 \(line 5\), column V7: 'abc' is not a number"),
    "an empty cell": (with_cell(5, "V9", ""), r"row 5 \(line 6\), column V9: the cell is empty"),
    "NaN": (with_cell(5, "Amount", "NaN"), r"row 5 \(line 6\), column Amount: 'NaN' is not a fin"),
    "infinity": (with_cell(5, "Amount", "inf"), r"row 5 \(line 6\), column Amount: 'inf'"),
    "another class": (with_cell(7, "Class", "2"), r"row 7 \(line 8\), column Class: Class is 2"),
    "a row cut off": (
        [*lines()[:-1], lines()[-1][:40]],
        r"row 20 \(line 21\): \d cells instead of 31, none from column V\d on.*truncated",
    ),
    "a row too long": ([*lines()[:3], f"{lines()[3]},9", *lines()[4:]], r"row 3 \(line 4\): 32"),
    "every row too long": (
        [HEADER, *(f"{line},9" for line in lines()[1:])],
        r"row 1 \(line 2\): 32 cells instead of 31",
    ),
    "an error page": (["<!DOCTYPE html>", "<html>404</html>"], "is a web page, not a table"),
    "nothing": ([""], "is empty"),
    "a header alone": ([HEADER], "a header and no rows"),
    "no fraud": (lines(frauds=0), "All 20 rows .* have Class 0"),
    "a null byte": (with_cell(4, "V7", "1\x002"), "row 4|cannot be read"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_a_bad_table_is_named_by_file_row_and_column(tmp_path, content, sentence):
    file = write(tmp_path / "creditcard.csv", content)
    with pytest.raises(InputError, match=sentence) as caught:
        creditcard.load("real", file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("creditcard.csv.gz", gzip.compress("\n".join(lines()).encode())[:200], "damaged or cut"),
        ("creditcard.csv.gz", b"not gzip", "damaged or cut off"),
        ("creditcard.zip", b"PK not a zip", "damaged or cut off"),
        ("creditcard.csv", b"\xff\xfe\x00 binary", "not a text table"),
        ("creditcard.csv", HEADER.encode() + b"\n" + b"\xff" * 40, "not a text table"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        creditcard.load("real", tmp_path / name)


def test_a_zip_must_hold_one_table(tmp_path):
    with zipfile.ZipFile(tmp_path / "creditcard.zip", "w") as archive:
        archive.writestr("readme.txt", "")
    with pytest.raises(InputError, match="must hold one csv file, not 0"):
        creditcard.load("real", tmp_path)


def test_a_place_that_does_not_name_one_table_says_what_is_there(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        creditcard.load("auto", tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="holds no csv"):
        creditcard.load("auto", tmp_path / "folder")
    for name in ("a.csv", "b.csv.gz"):
        (tmp_path / "folder" / name).touch()
    with pytest.raises(InputError, match=r"several tables \(a.csv, b.csv.gz\)"):
        creditcard.load("auto", tmp_path / "folder")


def test_sample_and_a_data_dir_contradict_each_other(tmp_path):
    with pytest.raises(InputError, match="takes no --data-dir"):
        creditcard.load("sample", tmp_path)


def test_without_network_auto_falls_back_loudly_and_real_says_what_to_fetch(own_cache):
    unreachable = "http://127.0.0.1:9/creditcard.csv"  # nothing listens on the discard port
    table = creditcard.load("auto", url=unreachable)
    assert table.provenance.is_sample
    assert "No network" in table.notice
    assert table.notice.startswith("SAMPLE DATA")
    with pytest.raises(InputError, match=r"fetch creditcard.csv from https://.* put it at"):
        creditcard.load("real", url=unreachable)
    assert not own_cache.exists() or not list(own_cache.iterdir())


def whole_table() -> bytes:
    """As many rows and frauds as the public table, cheap to make: one fraud and one legal row."""
    frauds, legal = creditcard.FRAUDS, creditcard.ROWS - creditcard.FRAUDS
    return "\n".join([HEADER, *[row(1, 1)] * frauds, *[row(2, 0)] * legal]).encode()


def test_a_whole_download_lands_in_the_cache_and_is_not_fetched_again(own_cache):
    with serve(whole_table()) as (url, requests):
        first = creditcard.load("auto", url=url)
        assert requests == ["HEAD", "GET"]
        again = creditcard.load("real", url=url)
        assert len(requests) == 2
    assert first.provenance == again.provenance
    assert first.provenance.source == "creditcard.csv"
    assert [path.name for path in own_cache.iterdir()] == ["creditcard.csv"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<html>quota exceeded</html>", "is a web page"),
        ("\n".join(lines()).encode(), "20 rows with 3 frauds, the public table 284,807 with 492"),
        (b"", "is empty"),
    ],
)
def test_a_download_that_is_not_the_table_leaves_nothing_behind(own_cache, content, sentence):
    with serve(content) as (url, _), pytest.raises(InputError, match=sentence) as caught:
        creditcard.load("auto", url=url)
    assert str(caught.value).startswith(url)  # not the name of a file that is gone
    assert not list(own_cache.iterdir())


def test_a_cached_file_that_lost_rows_is_refused(own_cache):
    own_cache.mkdir()
    write(own_cache / "creditcard.csv", lines())
    with pytest.raises(InputError, match="delete it and fetch it again"):
        creditcard.load("auto")
