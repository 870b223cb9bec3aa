import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_suite.data.csv_rows import csv_rows
from keras_suite.errors import InputError

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


@given(st.lists(st.lists(CELLS, min_size=1), min_size=1))
def test_every_row_that_is_written_is_read(rows):
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    file.seek(0)
    assert [cells for _, cells in csv_rows(file, "a.csv")] == rows


def test_places_count_rows_and_lines_and_empty_lines_are_no_rows():
    file = io.StringIO('id,text\n\n1,"two\nlines"\n2,one\n', newline="")
    places = [place for place, _ in csv_rows(file, "a.csv")]
    assert places == ["a.csv, row 0 (line 1)", "a.csv, row 1 (line 3)", "a.csv, row 2 (line 5)"]


def test_an_open_quote_is_named_with_its_place():
    rows = csv_rows(io.StringIO('id,text\n1,"open\n', newline=""), "a.csv")
    assert next(rows)[1] == ["id", "text"]
    with pytest.raises(InputError, match=r"^a.csv, row 1 \(line 2\): no row .* quote"):
        next(rows)
