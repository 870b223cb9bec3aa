"""The folder of a search, which belongs to one search and one process at a time."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_suite.data.provenance import Provenance
from keras_suite.errors import InputError
from keras_suite.terminal import files


@contextmanager
def open_search(
    folder: Path, settings: dict, *, resume: bool = False, overwrite: bool = False
) -> Iterator[None]:
    """Hold a search's folder, new or with ``resume`` as it was left.

    Args:
        folder: made where it is missing.
        settings: what makes a search the same one; see :func:`require_same`.
        resume: go on with the search in it; where there is none, a new one is begun.
        overwrite: remove the search in it first.

    Raises:
        InputError: where the folder holds a search and neither is given, or a different one, or
            something else, or another process is at it.
    """
    files.make_folder(folder)
    busy = f"Another process is at {folder}: wait for it or choose another --output."
    with files.held(folder / ".lock", busy):
        _make_ready(folder, settings, resume=resume, overwrite=overwrite)
        yield


def _make_ready(folder: Path, settings: dict, *, resume: bool, overwrite: bool) -> None:
    files.sweep(folder)
    inside = [path for path in folder.iterdir() if path.name not in (".lock", "workers")]
    if not inside:
        return
    if not _file(folder).exists():
        raise InputError(f"{folder} holds other files than a search: choose another --output.")
    if overwrite:
        # What makes it a search goes last, so that a kill leaves a folder that can be overwritten.
        for path in sorted(inside, key=lambda path: path == _file(folder)):
            files.remove(path)
    elif resume:
        require_same(folder, settings)
    else:
        raise InputError(
            f"{folder} holds a search already: go on with --resume, begin anew with --overwrite, "
            "or choose another --output."
        )


def require_same(folder: Path, settings: dict) -> None:
    """Check that a folder's search has these settings.

    Raises:
        InputError: where it has others, or there is no search.
    """
    try:
        before = json.loads(_file(folder).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{folder} holds no search: every process needs the --output of the chief, on a drive "
            "that all machines share."
        ) from None
    settings = json.loads(json.dumps(settings, default=str))
    different = [name for name, value in settings.items() if before.get(name, value) != value]
    if different:
        changes = ", ".join(_change(name, before[name], settings[name]) for name in different)
        raise InputError(
            f"{folder} holds a different search: {changes}. Choose another --output, or begin "
            "anew with --overwrite."
        )


def _change(name: str, before: object, now: object) -> str:
    short = len(f"{before}{now}") < 80
    return f"{name} ({before}, now {now})" if short else name


def record(folder: Path, settings: dict, data: Provenance) -> None:
    """Write what the search is; where that was done before, check that the data is the same.

    Raises:
        InputError: where the search was begun on other rows.
    """
    if not _file(folder).exists():
        text = json.dumps(settings | {"data": dataclasses.asdict(data)}, default=str, indent=1)
        files.write_text(_file(folder), text + "\n")
    before = provenance(folder)
    if before.sha256 != data.sha256:
        raise InputError(
            f"{folder} was begun on other rows (sha256 {before.sha256[:8]}..., now "
            f"{data.sha256[:8]}...): give the same --data and --data-dir, or --overwrite."
        )


def provenance(folder: Path) -> Provenance:
    """Return where the search's data came from."""
    return Provenance(**json.loads(_file(folder).read_text(encoding="utf-8"))["data"])


def _file(folder: Path) -> Path:
    return folder / "search.json"
