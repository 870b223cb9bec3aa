import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.errors import InputError
from keras_suite.serving.rows import read_csv

CELLS = st.text("aش,;\"'\n\r\t \ufeff", max_size=4)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=9)


@settings(max_examples=25)
@given(ROWS, st.integers(1, 5), st.permutations(["a", "b", "c"]))
def test_every_row_is_read_once_in_order_however_many_at_once(
    tmp_path_factory, rows, at_once, wanted
):
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("a", "b", "c"), *rows])
    parts = list(read_csv(path, wanted[:2], at_once))
    assert [len(part.cells) for part in parts[:-1]] == [at_once] * (len(parts) - 1)
    assert all(part.columns == wanted[:2] for part in parts)
    expected = [[row["abc".index(name)] for name in wanted[:2]] for row in rows]
    assert [cells for part in parts for cells in part.cells] == expected
    places = [place for part in parts for place in part.places]
    assert all(f", row {i} (line " in place for i, place in enumerate(places, 1))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, r"p\.csv cannot be read: No such file"),
        (b"", r"p\.csv is empty"),
        (b"\xef\xbb\xbfa,b\n", r"p\.csv has a header but no rows"),
        (b"a,c\n1,2\n", r"p\.csv has the column 'b' 0 times in its header"),
        (b"a,b,b\n1,2,3\n", r"p\.csv has the column 'b' 2 times in its header"),
        (b"a,b\n1,2\n\n3\n", r"p\.csv, row 2 \(line 4\): 1 cells, but the header has 2"),
        (b"a,b\n1,2,3\n", r"p\.csv, row 1 \(line 2\): 3 cells, but the header has 2"),
        (b'a,b\n1,"2\n', r"p\.csv, row 1 \(line 2\): no row of a csv file"),
        (b"a,b\n1,\xff\n", r"p\.csv is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_row(tmp_path, content, said):
    path = tmp_path / "p.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        list(read_csv(path, ["a", "b"], 2))
