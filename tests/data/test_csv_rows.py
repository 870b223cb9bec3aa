import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_suite.data.csv_rows import csv_records, csv_rows
from tests.data.refusals import refused

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)

TABLES = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)
)
NO_TABLES = [
    (b"a\n1\n", r"row 0 \(line 1\): the header lacks 'b'; it must have these .*: a, b\."),
    (b"a;b\n1;2\n", r"row 0 \(line 1\): the header lacks 'a', 'b'; .* commas between them: a, b"),
    (b"a,b,a\n", r"the header has besides 'a';"),
    (b"a,b,c,d,e,f,g,h\n", r"has besides 'c', 'd', 'e', 'f', 'g';"),
    (b"a,b\n1,2,3\n", r"row 1 \(line 2\): 3 cells, but the header has 2; look for a comma"),
    (b'a,b\n1,"open\n', r"row 1 \(line 2\): no row .* quote"),
]


@given(TABLES)
def test_every_row_that_is_written_is_read(rows):
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    file.seek(0)
    assert [cells for _, cells in csv_rows(file, "a.csv")] == rows


def test_places_count_rows_and_lines_but_no_empty_ones_and_records_name_their_cells():
    file = io.StringIO('id,text\n\n1,"two\nlines"\n2,one\n', newline="")
    places = [place for place, _ in csv_rows(file, "a.csv")]
    assert places == ["a.csv, row 0 (line 1)", "a.csv, row 1 (line 3)", "a.csv, row 2 (line 5)"]
    records = csv_records(b"b,a\n1,2\n", "a.csv", ["a", "b"])
    assert list(records) == [("a.csv, row 1 (line 2)", {"a": "2", "b": "1"})]


@pytest.mark.parametrize(("content", "sentence"), NO_TABLES)
def test_what_is_no_table_of_these_columns_is_one_sentence_with_its_place(content, sentence):
    with refused(sentence, "a.csv, "):
        list(csv_records(content, "a.csv", ["a", "b"]))
