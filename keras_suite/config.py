"""What every experiment's Config has."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class ExperimentConfig:
    """Base of an experiment's Config: a frozen dataclass that validates itself.

    Raises:
        ValueError: with a sentence for the person, where a field cannot be used.
    """

    seed: int = 42
    """Seed of everything random: split, resampling, first weights, order, dropout."""
    data: Literal["auto", "real", "sample"] = "auto"
    """auto: --data-dir, else the cache, else a download, else (no network) a sample.
    real: never the sample. sample: always."""
    data_dir: Path | None = None
    """The data file or its folder, where you have it already."""

    def __post_init__(self):
        self.require_at_least(0, "seed")

    def require_at_least(self, least: int, *names: str) -> None:
        """Raise ValueError where a field, or an entry of a tuple field, is below ``least``."""
        for name in names:
            value = getattr(self, name)
            smallest = min(value) if isinstance(value, tuple) else value
            require(smallest >= least, f"{flag(name)} must be at least {least}, not {value}")

    def require_above_0(self, *names: str) -> None:
        """Raise ValueError where a field is not above 0."""
        for name in names:
            value = getattr(self, name)
            require(value > 0, f"{flag(name)} must be above 0, not {value}")


def flag(name: str) -> str:
    """Return the command-line flag of a Config field."""
    return f"--{name.replace('_', '-')}"


def require(condition: bool, sentence: str) -> None:
    """Raise ValueError with ``sentence`` unless ``condition`` holds."""
    if not condition:
        raise ValueError(sentence)
