import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from keras_suite.tasks.word_embeddings.word_vector_file import read_word_vectors
from keras_suite.tasks.word_embeddings.word_vectors import keyed_vectors
from tests.data.refusals import refused

# gensim opens files without a header twice and leaves the second one to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=8)
ONE, NAN = (np.float32([1, second]).tobytes() for second in (2, np.nan))
WHOLE = gzip.compress(b"the 1 2\n" * 1000, mtime=0)
BAD_FILES = [
    (b"", "is empty"),
    (b"<!DOCTYPE html><html>404</html>", "is a web page"),
    (b"PK\x03\x04....", "is a zip archive"),
    (b"the 1 2\ncow 3\n", "line 2: 1 numbers instead of 2"),
    (b"the 1 2\nat home 3 4\n", "line 2: 3 numbers .* words with spaces"),
    (b"the 1 2\n\ncow 3 4\n", "line 2: 0 numbers instead of 2"),
    (b"the\ncow\n", "has no numbers"),
    (b"the 1 2\ncow 3 x\n", "could not convert .*'x'"),
    (b"the 1 2\ncow nan 4\nof 1 1\n", "NaN or infinity among the numbers of 'cow'"),
    (b"the 1 2\ncow 1e99 4\n", "NaN or infinity"),
    (b"the 1 2\ncow 1 2\nthe 3 4\n", "comes twice"),
    (b"the 1 2\nK\xfche 3 4\n", "is not UTF-8"),
    (b"the 1 2\n 3 4\n", "a word is missing"),
    (b"3 2\nthe 1 2\ncow 3 4\n", "the header says 3 words, but 2 follow"),
    (b"2 3\nthe 1 2\ncow 3 4\n", "line 2: 2 numbers instead of 3"),
    (b"2 3\n", "cut off: it has no room for the 2 words of 3 numbers"),
    (b"9" * 5000 + b" 2\nthe 1 2\n", "damaged, cut off"),
    (b"\xef\xbb\xbfthe 1 2\n", "begins with a byte order mark: save it as UTF-8 without"),
    (b"the 1 2\rcow 3 4\r", "has the line ends of old Macs: save it"),
    (b"the\t1\t2\n", "has no numbers"),
    (b"0 3\n", "has no numbers"),
    (b"2 2\nthe " + ONE, "damaged, cut off .*unexpected end of input"),
    (b"9 2\nthe " + ONE, "cut off: it has no room for the 9 words of 2 numbers that its header"),
    (b"1000000000 9\nthe " + ONE, "no room for the 1,000,000,000 words of 9 numbers"),
    (b"1 99999999999999\nthe " + ONE, "no room for the 1 words of 99,999,999,999,999 numbers"),
    (b"1 2\nthe " + NAN, "NaN or infinity"),
    (b"1 2\n\xff " + ONE, "is not UTF-8"),
]


@settings(max_examples=40)
@given(st.data(), st.sampled_from(["plain", "header", "binary"]), st.booleans())
def test_what_gensim_writes_is_read_bit_for_bit(tmp_path_factory, data, form, zipped):
    words = data.draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    shape = len(words), data.draw(st.integers(2, 5))
    numbers = data.draw(arrays(np.float32, shape, elements=st.floats(-1e6, 1e6, width=32)))
    numbers[0, 0] = 1  # the bytes of floats as a whole could pass for text
    path = tmp_path_factory.mktemp("written") / ("vectors.txt.gz" if zipped else "vectors.txt")
    options = {"binary": form == "binary", "write_header": form != "plain", "sort_attr": "none"}
    keyed_vectors(words, numbers).save_word2vec_format(str(path), **options)
    keyed = read_word_vectors(path)
    assert keyed.index_to_key == words
    assert keyed.vectors.dtype == np.float32
    assert np.array_equal(keyed.vectors, numbers)


@pytest.mark.parametrize(("content", "sentence"), BAD_FILES)
def test_a_bad_file_is_one_sentence(tmp_path, capfd, content, sentence):
    for path, written in (("bad.txt", content), ("bad.gz", gzip.compress(content))):
        (tmp_path / path).write_bytes(written)
        with refused(sentence, tmp_path / path):
            read_word_vectors(tmp_path / path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("content", [bytes(1 << 27), b"1 2\n\1" + b"a" * (1 << 27)])
def test_a_gz_that_unpacks_to_far_more_than_vectors_do_is_refused(tmp_path, content):
    (tmp_path / "vectors.gz").write_bytes(gzip.compress(content))
    with refused("unpacks to more than 67 MB"):
        read_word_vectors(tmp_path / "vectors.gz")


@pytest.mark.parametrize("content", [WHOLE[:50], b"the 1 2\n", WHOLE[:40] + bytes(4)])
def test_a_damaged_gz_is_one_sentence_and_line_ends_in_a_binary_file_are_no_damage(
    tmp_path, content
):
    (tmp_path / "vectors.gz").write_bytes(content)
    with refused("is damaged, cut off"):
        read_word_vectors(tmp_path / "vectors.gz")
    (tmp_path / "google.bin").write_bytes(b"2 2\nthe " + ONE + b"\ncow " + ONE + b"\n")
    assert read_word_vectors(tmp_path / "google.bin").index_to_key == ["the", "cow"]
