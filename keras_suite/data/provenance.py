"""Where rows came from."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


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


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
