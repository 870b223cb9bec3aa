"""The folder of a search, which belongs to one search and one process at a time."""

import dataclasses
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_suite.data.provenance import Provenance
from keras_suite.errors import InputError, in_a_line, printable
from keras_suite.terminal import files
from keras_suite.training.state import load_history

FILE = "search.json"
DAMAGED = (
    ValueError, LookupError, TypeError, AttributeError, RecursionError, EOFError, zlib.error,
    zipfile.BadZipFile,
)  # fmt: skip
"""What reading a record raises that is no longer as it was written."""


@contextmanager
def open_search(
    folder: Path, settings: dict, *, resume: bool = False, overwrite: bool = False
) -> Iterator[None]:
    """Hold a search's folder, new or with ``resume`` as it was left, made where it is missing.

    ``settings`` are what makes a search the same one; ``resume`` goes on with the search in the
    folder, if there is one, and ``overwrite`` removes it first. Raises InputError where the folder
    holds a search and neither is given, or a different one, or something else, or another process
    is at it.
    """
    files.make_folder(folder)
    busy = f"Another process is at {folder}: wait for it or choose another --output."
    with files.held(folder / ".lock", busy):
        _make_ready(folder, settings, resume=resume, overwrite=overwrite)
        yield


def damaged(file: Path, error: Exception) -> InputError:
    """Return what to raise where a file of the search is not as it was written."""
    return InputError(
        f"{file} is damaged ({type(error).__name__}: {in_a_line(error, 80)}): bring it back from a "
        "copy, or begin anew with --overwrite."
    )


def trial_folder(search: Path, trial_id: str) -> Path:
    """Return where a trial's files lie."""
    return search / f"trial_{trial_id}"


def trial_history(search: Path, trial_id: str) -> list[dict]:
    """Return a trial's epochs so far; InputError where the file is damaged."""
    folder = trial_folder(search, trial_id)
    file = folder / "history.json"
    try:
        if file.exists():
            return json.loads(file.read_text(encoding="utf-8"))
        file = folder / "state.npz"  # it is not finished
        return load_history(file)
    except DAMAGED as error:
        raise damaged(file, error) from error


def write_error(search: Path, trial_id: str, sentence: str, details: str = "") -> None:
    """Write why a trial failed."""
    files.write_text(trial_folder(search, trial_id) / "error.txt", f"{sentence}\n\n{details}")


def read_error(search: Path, trial_id: str) -> str:
    """Return in a sentence why a trial failed, or ""."""
    file = trial_folder(search, trial_id) / "error.txt"
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    return printable(next(iter(text.splitlines()), ""))


def _make_ready(folder: Path, settings: dict, *, resume: bool, overwrite: bool) -> None:
    files.sweep(folder)
    inside = [path for path in folder.iterdir() if path.name not in (".lock", "workers")]
    if not inside:
        return
    if not (folder / FILE).exists():
        raise InputError(f"{folder} holds other files than a search: choose another --output.")
    if overwrite:
        # What makes it a search goes last, so that a kill leaves a folder that can be overwritten.
        for path in sorted(inside, key=lambda path: path == folder / FILE):
            files.remove(path)
    elif resume:
        require_same(folder, settings)
    else:
        raise InputError(
            f"{folder} holds a search already: go on with --resume, begin anew with --overwrite, "
            "or choose another --output."
        )


def require_same(folder: Path, settings: dict) -> None:
    """Raise InputError where a folder's search has other settings, or there is no search."""
    if not (folder / FILE).exists():
        raise InputError(
            f"{folder} holds no search: every process needs the --output of the chief, on a drive "
            "that all machines share."
        )
    before = _read(folder)
    now = json.loads(json.dumps(settings, default=str))
    changed = [name for name in now if before.get(name, now[name]) != now[name]]
    changes = {name: f" ({before[name]}, now {now[name]})" for name in changed}
    if changes:
        what = ", ".join(name + text * (len(text) < 89) for name, text in changes.items())
        raise InputError(
            f"{folder} holds a different search: {what}. Choose another --output, or begin anew "
            "with --overwrite."
        )


def record(folder: Path, settings: dict, data: Provenance) -> None:
    """Write what the search is, or raise InputError where it was begun on other rows."""
    if not (folder / FILE).exists():
        text = json.dumps(settings | {"data": dataclasses.asdict(data)}, default=str, indent=1)
        files.write_text(folder / FILE, text + "\n")
    before = provenance(folder)
    if before.sha256 != data.sha256:
        raise InputError(
            f"{folder} was begun on other rows (sha256 {before.sha256[:8]}..., now "
            f"{data.sha256[:8]}...): give the same --data and --data-dir, or --overwrite."
        )


def provenance(folder: Path) -> Provenance:
    """Return where the search's data came from."""
    try:
        return Provenance(**_read(folder)["data"])
    except (LookupError, TypeError) as error:
        raise damaged(folder / FILE, error) from error


def _read(folder: Path) -> dict:
    try:
        return dict(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except DAMAGED as error:
        raise damaged(folder / FILE, error) from error
