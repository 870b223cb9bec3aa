"""Files that are either whole or not there, whatever moment the process is killed at."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from keras_suite.errors import InputError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write a file or a folder to; moved there on success only.

    It has the same suffix, and parent folders are made. On an exception it is removed again and
    ``path`` stays as it was; a kill leaves at most a hidden ``.partial-*`` behind, which
    :func:`sweep` removes. A folder already there is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{os.getpid()}-{path.name}")
    remove(partial)
    try:
        yield partial
        for file in () if partial.is_symlink() else (partial, *partial.rglob("*")):
            if file.is_file():
                with file.open("rb") as handle:
                    os.fsync(handle.fileno())  # so that it is on the disk before its name is
        if path.is_dir() and not path.is_symlink():
            remove(path)  # a full folder cannot be replaced in one step
        os.replace(partial, path)
    finally:
        remove(partial)


def sweep(folder: Path) -> None:
    """Remove what killed processes left half-written anywhere below ``folder``."""
    for partial in list(folder.rglob(".partial-*")):
        remove(partial)


def remove(path: Path) -> None:
    """Remove a file or a folder with all it holds; nothing happens where there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as UTF-8, whole or not at all."""
    with whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def make_folder(folder: Path) -> None:
    """Make a folder of the person's choice and its parents; raise InputError where it cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be made ({error.strerror}): choose another folder with --output."
        ) from error


@contextmanager
def held(lock: Path, otherwise: str, timeout: float = 0) -> Iterator[None]:
    """Hold a lock file, let go however the process ends, or raise InputError(``otherwise``)."""
    try:
        hold = filelock.FileLock(lock).acquire(timeout=timeout)
    except filelock.Timeout:
        raise InputError(otherwise) from None
    with hold:
        yield


def is_held(lock: Path) -> bool:
    """Whether a process, and not one that was killed, holds a lock file."""
    try:
        if not lock.is_file():
            return False
        with held(lock, ""):
            return False
    except (InputError, OSError):
        return True
