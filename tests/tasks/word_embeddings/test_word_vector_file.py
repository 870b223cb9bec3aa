import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.errors import InputError
from keras_suite.tasks.word_embeddings.word_vector_file import read_word_vectors
from keras_suite.tasks.word_embeddings.word_vectors import keyed_vectors

# gensim opens files without a header twice and leaves the second one to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=8)
ONE = np.float32([1, 2]).tobytes()
WHOLE = gzip.compress(b"the 1 2\n" * 1000)


@settings(max_examples=40)
@given(
    st.lists(NAMES, min_size=1, max_size=6, unique=True),
    st.integers(2, 5),
    st.sampled_from(["plain", "header", "binary"]),
    st.booleans(),
    st.data(),
)
def test_what_gensim_writes_is_read_bit_for_bit(
    tmp_path_factory, words, dimension, form, zipped, data
):
    row = st.lists(st.floats(-1e6, 1e6, width=32), min_size=dimension, max_size=dimension)
    numbers = np.array([data.draw(row) for _ in words], np.float32)
    numbers[0, 0] = 1  # the bytes of floats as a whole could pass for text
    path = tmp_path_factory.mktemp("written") / ("vectors.txt.gz" if zipped else "vectors.txt")
    options = {"binary": form == "binary", "write_header": form != "plain", "sort_attr": "none"}
    keyed_vectors(words, numbers).save_word2vec_format(str(path), **options)
    keyed = read_word_vectors(path)
    assert keyed.index_to_key == words
    assert keyed.vectors.dtype == np.float32
    assert np.array_equal(keyed.vectors, numbers)


def test_a_binary_file_may_have_a_line_end_behind_each_vector(tmp_path):
    path = tmp_path / "google.bin"
    path.write_bytes(b"2 2\nthe " + ONE + b"\ncow " + ONE + b"\n")
    assert read_word_vectors(path).index_to_key == ["the", "cow"]


BAD = {
    "empty": (b"", "is empty: fetch it again"),
    "blank": (b" \n\n", "is empty: fetch it again"),
    "web page": (b"<!DOCTYPE html><html>404</html>", "is a web page"),
    "zip": (b"PK\x03\x04....", "is a zip archive: unpack it"),
    "short row": (b"the 1 2\ncow 3\n", "line 2: 1 numbers instead of 2"),
    "long row": (b"the 1 2\ncow 3 4 5\n", "line 2: 3 numbers instead of 2"),
    "word with a space": (b"the 1 2\nat home 3 4\n", "or leave out words with spaces"),
    "no numbers at all": (b"the\ncow\n", "has no numbers: name a file of word vectors"),
    "empty line": (b"the 1 2\n\ncow 3 4\n", "line 2: 0 numbers instead of 2"),
    "not a number": (b"the 1 2\ncow 3 x\n", "no file of word vectors .*could not convert .*'x'"),
    "NaN": (b"the 1 2\ncow nan 4\nof 1 1\n", "NaN or infinity among the numbers of 'cow'"),
    "too large": (b"the 1 2\ncow 1e99 4\n", "NaN or infinity"),
    "twice": (b"the 1 2\ncow 1 2\nthe 3 4\n", "a word is missing or comes twice"),
    "not UTF-8": (b"the 1 2\nK\xfche 3 4\n", "is not UTF-8"),
    "no word": (b"the 1 2\n 3 4\n", "a word is missing"),
    "fewer than said": (b"3 2\nthe 1 2\ncow 3 4\n", "the header says 3 words, but 2 follow"),
    "more than said": (b"1 2\nthe 1 2\ncow 3 4\n", "the header says 1 words, but 2 follow"),
    "other size": (b"2 3\nthe 1 2\ncow 3 4\n", "line 2: 2 numbers instead of 3"),
    "header alone": (b"2 3\n", "damaged, cut off"),
    "none said": (b"0 3\n", "has no numbers"),
    "binary, too short": (b"9 2\nthe " + ONE, "damaged, cut off .*unexpected end of input"),
    "binary, far too short": (b"99999999999999 300\nthe " + ONE, "damaged, cut off"),
    "binary, cut off": (b"2 2\nthe " + ONE + b"cow " + ONE[:5], "damaged, cut off"),
    "binary, NaN": (b"1 2\nthe " + np.float32([1, np.nan]).tobytes(), "NaN or infinity"),
    "binary, twice": (b"2 2\nthe " + ONE + b"the " + ONE, "comes twice"),
    "binary, not UTF-8": (b"1 2\n\xff " + ONE, "is not UTF-8"),
}
DAMAGED = {"cut off": WHOLE[:50], "no gz": b"the 1 2\n", "broken": WHOLE[:40] + bytes(4)}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_file_is_one_sentence(tmp_path, capfd, content, sentence):
    for path, written in (("bad.txt", content), ("bad.gz", gzip.compress(content))):
        (tmp_path / path).write_bytes(written)
        with pytest.raises(InputError, match=sentence) as caught:
            read_word_vectors(tmp_path / path)
        assert str(caught.value).startswith(str(tmp_path / path))
        assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_gz_is_one_sentence(tmp_path, content):
    path = tmp_path / "vectors.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is damaged, cut off"):
        read_word_vectors(path)
