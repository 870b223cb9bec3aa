"""One way to the rows of every data set: a sample, a given place, the cache or the network."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

from keras_suite.data.download import NoNetworkError, UnavailableError, download
from keras_suite.data.provenance import Loaded
from keras_suite.errors import InputError

Kind = Literal["auto", "real", "sample"]
Data = TypeVar("Data", bound=Loaded)
Content = TypeVar("Content")


def load_data(
    kind: Kind,
    data_dir: Path | None,
    *,
    sample: Callable[[], Data],
    read: Callable[[Path], Data],
    fetch: Callable[[], Data],
    remedy: str,
) -> Data:
    """Load a data set from the place the person names, else as ``fetch`` does, else a sample.

    Args:
        kind: "real", "sample", or "auto": the sample where real data cannot be had.
        data_dir: of ``--data-dir``.
        sample: makes the data that stand in; their notice is written here.
        read: reads what lies at ``data_dir``.
        fetch: reads the cache, filled from the network where need be, or an installed package.
        remedy: what the person can do where real data cannot be had, such as "fetch ...".

    Raises:
        InputError: where flags contradict each other, or "real" data cannot be had.
    """
    if kind == "sample":
        if data_dir is not None:
            raise InputError("--data sample takes no --data-dir: leave one of the two out.")
        return _noticed(sample())
    if data_dir is not None:
        return read(Path(data_dir))
    try:
        return fetch()
    except UnavailableError as error:
        if kind == "real":
            why = f"No real data here: {error}; {remedy}"
            raise InputError(f"{why}, or name it with --data-dir.") from error
        cause = "No network: " if isinstance(error, NoNetworkError) else ""
        return _noticed(sample(), f" ({cause}{error}.)")


def from_cache(url: str, path: Path, read: Callable[[Path, str], Content]) -> Content:
    """Read a file of the cache, downloaded where it is not there.

    ``read`` takes the file and what messages call it, and raises for one that is not the public
    one. A download that it refuses is not kept.
    """
    if not path.exists():
        download(url, path, check=lambda partial: read(partial, url))
    return read(path, str(path))


def find_file(place: Path, *names: str) -> Path:
    """Return the file that ``--data-dir`` names, itself or by its folder.

    Raises:
        InputError: as :func:`find_in_folder`.
    """
    return place if place.is_file() else find_in_folder(place, *names)


def find_in_folder(folder: Path, *names: str) -> Path:
    """Return the file in a folder that has the first of the names there are.

    Raises:
        InputError: where there is none.
    """
    if not folder.is_dir():
        raise InputError(f"--data-dir {folder} is no folder: name the one that holds {names[0]}.")
    if file := first_file(folder, *names):
        return file
    raise InputError(f"{folder} holds no {' or '.join(names)}: put it there.")


def first_file(folder: Path, *names: str) -> Path | None:
    """Return the first of the named files that a folder holds."""
    return next((folder / name for name in names if (folder / name).is_file()), None)


def require_public(called: str, found: str, published: str) -> None:
    """Check what was found in a file against what the public one has.

    Raises:
        InputError: where it is something else.
    """
    if found != published:
        raise InputError(
            f"{called} has {found}, the public file {published}: delete it and fetch it again."
        )


def notice_of_others(published: dict[Path, str], hashed: Callable[[Path], str]) -> str:
    """Name, in a notice, files whose hash is not that of the published ones, if there are any."""
    others = [path.name for path, known in published.items() if hashed(path) != known]
    if not others:
        return ""
    return (
        f"Real data, but of another hash than what was published: {', '.join(others)}; published "
        "figures may be of other rows."
    )


def _noticed(data: Data, why: str = "") -> Data:
    rows = f"SAMPLE DATA: {data.provenance.rows:,} {data.provenance.source}"
    notice = f"{rows}; no figure below says anything about the real set.{why}"
    return dataclasses.replace(data, notice=notice)
