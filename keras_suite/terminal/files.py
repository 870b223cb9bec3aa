"""Files that are either whole or not there, whatever moment the process is killed at."""

import contextlib
import errno
import os
import shutil
import uuid
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
    # Not by the process: every container that shares a drive may have a process of this number.
    partial = path.with_name(f".partial-{uuid.uuid4().hex[:12]}-{path.name}")
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


def point_latest(home: Path, name: str) -> None:
    """Make ``home/latest`` a link to a folder in it, where the drive has links.

    A folder of that name, as some ways of copying make of a link, is somebody's and stays.
    """
    latest = home / "latest"
    if latest.is_dir() and not latest.is_symlink():
        return
    with contextlib.suppress(OSError), whole(latest) as partial:
        partial.symlink_to(name)


def require_own(file: Path) -> None:
    """Raise OSError for what is no file to read: a link out of a folder of others, or a pipe."""
    around = os.path.realpath(file.absolute().parents[1])
    if not Path(os.path.realpath(file)).is_relative_to(around):
        raise OSError(errno.EPERM, "a link to elsewhere", str(file))
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise OSError(errno.EPERM, "not a file", str(file))


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
    except (OSError, NotImplementedError) as error:
        raise InputError(
            f"{lock.parent} cannot be locked ({getattr(error, 'strerror', None) or error}), which "
            "keeps two processes from spoiling each other's files: choose a folder on another "
            "drive, with --output or KERAS_SUITE_CACHE."
        ) from error
    with hold:
        yield


def is_held(lock: Path) -> bool | None:
    """Whether a process, and not one that was killed, holds a lock file; None if none can tell.

    Nothing is written: the folder may be somebody else's, or an archive.
    """
    try:
        import fcntl  # which Windows lacks

        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except (OSError, ImportError):
        return None
    return False
