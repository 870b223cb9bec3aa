import socket
import threading
import time
from pathlib import Path

import pytest
from werkzeug import Response

from keras_suite.data import download as module
from keras_suite.data.download import NoNetworkError, cache_folder, download
from keras_suite.errors import InputError
from tests.data.refusals import refused
from tests.data.web import answering, serve

CONTENT = bytes(range(256)) * 400


class Host:
    """Answers with ranges; ``cuts`` are the bytes after which each next answer breaks off."""

    def __init__(self, *cuts):
        self.cuts, self.asked = list(cuts), []

    def __call__(self, request):
        if request.method == "HEAD":
            return Response()
        agent = request.headers["User-Agent"]
        self.asked.append(request.headers.get("Range", ""))
        if not agent.startswith("keras_suite/"):  # as Zenodo does
            return Response("Forbidden", 403)
        start = int(request.headers.get("Range", "bytes=0-")[6:-1])
        if start >= len(CONTENT):
            return Response(status=416)
        rest = CONTENT[start:]
        headers = {"Content-Length": str(len(rest))}
        cut = self.cuts.pop(0) if self.cuts else None
        return Response(iter([rest[:cut]]), 206 if start else 200, headers)


def require_content(path):
    if path.read_bytes() != CONTENT:
        raise InputError("refused by the check")


def test_the_file_arrives_whole_after_its_check(tmp_path):
    file, checked = tmp_path / "cache" / "a.csv", []
    with serve(b"content") as (url, _):
        download(url, file, lambda path: checked.append((path.read_bytes(), file.exists())))
    assert checked == [(b"content", False)]
    assert file.read_bytes() == b"content"
    assert list(file.parent.iterdir()) == [file]


def test_a_cache_that_cannot_be_written_or_found_is_one_sentence_that_names_it(
    tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "a", Path("/proc/nowhere")):
        with serve(b"content") as (url, _), refused("written to .* KERAS_SUITE_CACHE", folder):
            download(url, folder / "a.csv", lambda path: None)
    monkeypatch.delenv("KERAS_SUITE_CACHE")
    monkeypatch.setattr(Path, "home", lambda: Path("~nobody-at-all").expanduser())
    with refused(r"Could not determine home directory\. Name a folder .* KERAS_SUITE_CACHE"):
        cache_folder()


@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 404}, {"status": 503}])
def test_a_refusal_is_one_sentence_and_leaves_no_part(tmp_path, fault):
    with serve(b"content", **fault) as (url, _), refused(rf"broke off \({fault['status']}"):
        download(url, tmp_path / "a.csv", lambda path: None)
    assert not list(tmp_path.glob(".partial-*"))
    assert not (tmp_path / "a.csv").exists()


def test_what_broke_off_is_gone_on_with_and_what_is_whole_not_fetched_again(tmp_path):
    host, file = Host(40_000, 40_000), tmp_path / "a.csv"
    with answering(host) as url:
        for _ in range(2):
            with refused("broke off .*: run the command again, which goes on from there"):
                download(f"{url}/a.csv", file, require_content)
        download(f"{url}/a.csv", file, require_content)
        assert host.asked == ["", "bytes=32768-", "bytes=65536-"]
        file.rename(tmp_path / ".partial-a.csv")  # killed just before it got its name
        download(f"{url}/a.csv", file, require_content)
    assert file.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == [file]


def test_a_part_of_another_file_is_refused_by_the_check_and_the_next_begins_anew(tmp_path):
    (tmp_path / ".partial-a.csv").write_bytes(b"of another version")
    with answering(Host()) as url:
        with refused("refused by the check"):
            download(f"{url}/a.csv", tmp_path / "a.csv", require_content)
        assert not list(tmp_path.glob(".partial-*"))
        download(f"{url}/a.csv", tmp_path / "a.csv", require_content)


def test_of_several_at_once_one_downloads(tmp_path):
    host = Host()
    with answering(host) as url:
        given = f"{url}/a.csv", tmp_path / "a.csv", require_content
        threads = [threading.Thread(target=download, args=given) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert host.asked == [""]
    assert (tmp_path / "a.csv").read_bytes() == CONTENT


def test_a_host_that_stalls_is_given_up_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "STALLED_AFTER", 0.3)
    done = threading.Event()

    def stalling(request):
        if request.method == "GET":
            done.wait(10)
        return Response()

    with answering(stalling) as url, refused("broke off .*timed out"):
        download(f"{url}/a.csv", tmp_path / "a.csv", require_content)
    done.set()


def test_without_a_network_it_gives_up_soon(tmp_path, monkeypatch):
    assert module.NO_NETWORK_AFTER <= 10
    monkeypatch.setattr(module, "NO_NETWORK_AFTER", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (9, silent.getsockname()[1]):  # closed, and one that never answers
            started = time.monotonic()
            with pytest.raises(NoNetworkError, match=r"cannot be reached|did not answer within"):
                download(f"http://127.0.0.1:{port}/a.csv", tmp_path / "a.csv", lambda path: None)
            assert time.monotonic() - started < 5


def test_the_cache_folder_can_be_moved_and_other_libraries_go_with_it(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_SUITE_CACHE", str(tmp_path))
    for variable in module.LIBRARIES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KERAS_HOME", "own")
    assert cache_folder() == tmp_path
    module.use_one_folder()
    found = {variable: module.os.environ[variable] for variable in module.LIBRARIES}
    expected = {variable: str(tmp_path / place) for variable, place in module.LIBRARIES.items()}
    assert found == expected | {"KERAS_HOME": "own"}
    monkeypatch.delenv("KERAS_SUITE_CACHE")
    assert cache_folder().name == "keras_suite"
