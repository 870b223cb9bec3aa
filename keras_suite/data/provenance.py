"""Where rows came from."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from rich.console import Console


@dataclass(frozen=True)
class Provenance:
    """Where a run's rows came from, as its ``metrics.json`` records it.

    Args:
        source: the file's name, the address, or what made the rows, for a person to read.
        kind: "real" rows, or a "sample" that stands in for them on machines without a network.
        rows: how many there are.
        sha256: of the file as it lies on disk, or of the generated values.
    """

    source: str
    kind: Literal["real", "sample"]
    rows: int
    sha256: str

    @property
    def is_sample(self) -> bool:
        """Whether figures from these rows say nothing about the real data."""
        return self.kind == "sample"

    def announce(self, console: Console, notice: str = "") -> None:
        """Say what the rows are: in ``notice``, where there is one, and a sample in plain sight."""
        text = notice or f"Real data: {self.rows:,} rows of {self.source}."
        style = "bold yellow" if self.is_sample else ""
        console.print(text, style=style, markup=False, highlight=False)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What every loaded data set tells of itself; the person must see the notice."""

    provenance: Provenance
    notice: str = ""


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_blob_of_file(path: Path) -> str:
    """Return the id, 40 hexadecimal digits, that git and its hosts give a file by its bytes."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def sha256_of_arrays(*arrays: np.ndarray) -> str:
    """Return the SHA-256 of the arrays' bytes as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
