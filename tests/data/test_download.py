import socket
import time

import pytest

from keras_suite.data import download as module
from keras_suite.data.download import NoNetworkError, cache_folder, download
from keras_suite.errors import InputError
from tests.data.web import serve


def test_the_file_arrives_whole_after_its_check(tmp_path):
    checked = []

    def check(path):
        assert not (tmp_path / "cache" / "a.csv").exists()
        checked.append(path.read_bytes())

    with serve(b"content") as (url, _):
        download(url, tmp_path / "cache" / "a.csv", check)
    assert checked == [b"content"]
    assert (tmp_path / "cache" / "a.csv").read_bytes() == b"content"
    assert len(list((tmp_path / "cache").iterdir())) == 1


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({}, "refused by the check"),
        ({"status": 404}, "broke off"),
        ({"status": 500}, "broke off"),
        ({"cut_after": 3}, "broke off"),
    ],
)
def test_a_refusal_or_a_break_is_one_sentence_and_leaves_nothing(tmp_path, fault, sentence):
    def refuse(path):
        raise InputError("refused by the check")

    with serve(b"content", **fault) as (url, _), pytest.raises(InputError) as caught:
        download(url, tmp_path / "a.csv", refuse)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_without_a_network_it_gives_up_soon(tmp_path, monkeypatch):
    assert module.NO_NETWORK_AFTER <= 10
    monkeypatch.setattr(module, "NO_NETWORK_AFTER", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (9, silent.getsockname()[1]):  # closed, and one that never answers
            started = time.monotonic()
            with pytest.raises(NoNetworkError, match=r"cannot be reached|did not answer within"):
                download(f"http://127.0.0.1:{port}/a.csv", tmp_path / "a.csv", lambda path: None)
            assert time.monotonic() - started < 5


def test_the_cache_folder_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_SUITE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("KERAS_SUITE_CACHE")
    assert cache_folder().name == "keras_suite"
