"""Downloads that end up whole and checked in the cache, or not at all."""

import importlib.metadata
import math
import os
import socket
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_suite.errors import InputError, in_a_line
from keras_suite.terminal import files, notices

NO_NETWORK_AFTER = 10
STALLED_AFTER = 30
USER_AGENT = f"keras_suite/{importlib.metadata.version('keras_suite')}"
"""Some hosts refuse the names that Python's clients give themselves."""

LIBRARIES = {
    "GENSIM_DATA_DIR": "gensim",
    "HF_HUB_CACHE": "hub",
    "KERAS_HOME": "keras",
    "TFDS_DATA_DIR": "tfds",
}
"""Where in the cache the files of other libraries go."""


class UnavailableError(Exception):
    """Real data cannot be had on this machine; the message says why."""


class NoNetworkError(UnavailableError):
    """The address cannot be reached from this machine."""


def cache_folder() -> Path:
    """Folder of downloaded data: ``$KERAS_SUITE_CACHE``, else ``~/.cache/keras_suite``.

    Raises InputError where there is neither.
    """
    try:
        return Path(os.environ.get("KERAS_SUITE_CACHE") or Path.home() / ".cache" / "keras_suite")
    except RuntimeError as error:  # a container may have no home
        raise InputError(f"{error} Name a folder for downloads with KERAS_SUITE_CACHE.") from error


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Make a folder of the cache and write to it, or raise InputError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written to ({error.strerror or error}): name another folder with "
            "KERAS_SUITE_CACHE."
        ) from error


def use_one_folder() -> None:
    """Where ``$KERAS_SUITE_CACHE`` is set, let other libraries keep what they download there too.

    Their own variables win. Comes before they are imported.
    """
    if os.environ.get("KERAS_SUITE_CACHE"):
        for variable, folder in LIBRARIES.items():
            os.environ.setdefault(variable, str(cache_folder().absolute() / folder))


def introduce_ourselves() -> None:
    """Give downloads of Keras and gensim, which are urllib's, our name and a time limit."""
    opener = urllib.request.build_opener()
    opener.addheaders = [("User-Agent", USER_AGENT)]
    urllib.request.install_opener(opener)
    socket.setdefaulttimeout(STALLED_AFTER)


def download(url: str, path: Path, check: Callable[[Path], object]) -> None:
    """Download the file at ``url`` with a progress bar and move it to ``path`` after ``check``.

    The check gets the downloaded file and raises where it is not what it should be. What a
    transfer that broke off has left in ``.partial-NAME`` beside it, the next one goes on with. Of
    several processes one downloads, and the others wait.

    Raises:
        NoNetworkError: where nothing answers at the address within ``NO_NETWORK_AFTER`` seconds.
        InputError: where the server refuses, or the transfer breaks off or stalls.
    """
    require_answer(url)
    partial, lock = (path.with_name(f".{kind}-{path.name}") for kind in ("partial", "lock"))
    if files.is_held(lock):
        notices.say(f"Another process is downloading {path}: waiting.")
    with writing_to(path.parent), files.held(lock, "", timeout=math.inf):
        try:
            if not path.exists():
                _complete(url, partial)
                _checked(partial, check)
                os.replace(partial, path)
        finally:
            lock.unlink()


def _complete(url: str, partial: Path) -> None:
    try:
        _transfer(url, partial)
    except OSError as error:  # requests' are, too
        raise InputError(
            f"The download of {url} broke off ({in_a_line(error)}): run the command again, which "
            "goes on from there, or fetch the file by hand and name it with --data-dir."
        ) from error


def _checked(partial: Path, check: Callable[[Path], object]) -> None:
    try:
        check(partial)
    except BaseException:
        partial.unlink()
        raise


def _transfer(url: str, partial: Path) -> None:
    import requests
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    done = partial.stat().st_size if partial.exists() else 0
    asked = {"User-Agent": USER_AGENT} | ({"Range": f"bytes={done}-"} if done else {})
    timeouts = NO_NETWORK_AFTER, STALLED_AFTER
    with requests.get(url, headers=asked, stream=True, timeout=timeouts) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            return  # it is whole, or of another file, which the check will tell
        answer.raise_for_status()
        goes_on = answer.status_code == requests.codes.partial_content
        size = int(answer.headers.get("Content-Length", 0)) + done * goes_on
        columns = "{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn()
        with (
            Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as bar,
            partial.open("ab" if goes_on else "wb") as file,
        ):
            task = bar.add_task(url.rpartition("/")[2], total=size or None, completed=file.tell())
            for piece in answer.iter_content(1 << 14):
                file.write(piece)
                bar.advance(task, len(piece))
            if size and file.tell() != size:
                raise OSError(f"it ended after {file.tell():,} of {size:,} bytes")
            os.fsync(file.fileno())


def require_answer(url: str) -> None:
    """Return once anything answers at ``url``.

    Raises:
        NoNetworkError: where nothing does within ``NO_NETWORK_AFTER`` seconds.
    """
    failures: list[Exception] = []

    def ask() -> None:
        try:
            named = {"User-Agent": USER_AGENT}
            request = urllib.request.Request(url, method="HEAD", headers=named)
            urllib.request.urlopen(request, timeout=NO_NETWORK_AFTER).close()
        except urllib.error.HTTPError as refusal:
            refusal.close()  # a refusal is an answer; get_file will report it
        except Exception as error:  # no network, no address, or no HTTP
            failures.append(error)

    # A thread, because looking up a host's name takes no timeout.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(NO_NETWORK_AFTER)
    if thread.is_alive():
        raise NoNetworkError(f"{url} did not answer within {NO_NETWORK_AFTER} seconds")
    if failures:
        raise NoNetworkError(
            f"{url} cannot be reached ({in_a_line(failures[0]) or type(failures[0]).__name__})"
        )
