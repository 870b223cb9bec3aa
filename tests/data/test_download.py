import socket
import time

import pytest

from keras_suite.data import download as module
from keras_suite.data.download import NoNetworkError, cache_folder, download
from keras_suite.errors import InputError
from tests.data.web import serve


def accept(path):
    pass


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


def test_a_failed_check_leaves_nothing(tmp_path):
    def refuse(path):
        raise InputError("no")

    with serve(b"content") as (url, _), pytest.raises(InputError, match="no"):
        download(url, tmp_path / "a.csv", refuse)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fault", [{"status": 404}, {"status": 500}, {"cut_after": 3}])
def test_a_refusal_or_a_break_is_one_sentence_and_leaves_nothing(tmp_path, fault):
    with serve(b"content", **fault) as (url, _), pytest.raises(InputError) as caught:
        download(url, tmp_path / "a.csv", accept)
    assert "broke off" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_closed_port_is_noticed_at_once(tmp_path):
    started = time.monotonic()
    with pytest.raises(NoNetworkError, match="cannot be reached"):
        download("http://127.0.0.1:9/a.csv", tmp_path / "a.csv", accept)
    assert time.monotonic() - started < 5


def test_a_server_that_never_answers_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "NO_NETWORK_AFTER", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.csv"
        started = time.monotonic()
        with pytest.raises(NoNetworkError):
            download(url, tmp_path / "a.csv", accept)
    assert 0.5 < time.monotonic() - started < 5


def test_no_network_is_noticed_within_ten_seconds():
    assert module.NO_NETWORK_AFTER <= 10


def test_the_cache_folder_can_be_moved(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_SUITE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("KERAS_SUITE_CACHE")
    assert cache_folder().name == "keras_suite"
