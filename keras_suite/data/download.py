"""Downloads that end up whole and checked in the cache, or not at all."""

import os
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from keras_suite.errors import InputError
from keras_suite.terminal import files

NO_NETWORK_AFTER = 10
STALLED_AFTER = 30


class UnavailableError(Exception):
    """Real data cannot be had on this machine; the message says why."""


class NoNetworkError(UnavailableError):
    """The address cannot be reached from this machine."""


def cache_folder() -> Path:
    """Folder of downloaded data: ``$KERAS_SUITE_CACHE``, else ``~/.cache/keras_suite``."""
    return Path(os.environ.get("KERAS_SUITE_CACHE") or Path.home() / ".cache" / "keras_suite")


def download(url: str, path: Path, check: Callable[[Path], object]) -> None:
    """Download the file at ``url`` with a progress bar and move it to ``path`` after ``check``.

    The check gets the downloaded file and raises where it is not what it should be.

    Raises:
        NoNetworkError: where nothing answers at the address within ``NO_NETWORK_AFTER`` seconds.
        InputError: where the server refuses, or the transfer breaks off or stalls.
    """
    require_answer(url)
    import keras

    timeout = socket.getdefaulttimeout()
    with files.whole(path) as partial:
        try:
            socket.setdefaulttimeout(STALLED_AFTER)
            # get_file wants a folder and a name; its own bar shows the progress.
            keras.utils.get_file(partial.name, url, cache_dir=str(partial.parent), cache_subdir=".")
        except Exception as error:  # get_file wraps everything in bare Exception
            if isinstance(error.__context__, urllib.error.HTTPError):
                error.__context__.close()  # get_file leaves the socket open
            raise InputError(
                f"The download of {url} broke off ({_in_a_line(error)}): run the command again, "
                "or fetch the file by hand and name it with --data-dir."
            ) from error
        finally:
            socket.setdefaulttimeout(timeout)
        check(partial)


def require_answer(url: str) -> None:
    """Return once anything answers at ``url``.

    Raises:
        NoNetworkError: where nothing does within ``NO_NETWORK_AFTER`` seconds.
    """
    failures: list[Exception] = []

    def ask() -> None:
        try:
            request = urllib.request.Request(url, method="HEAD")
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
        raise NoNetworkError(f"{url} cannot be reached ({_in_a_line(failures[0])})")


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
