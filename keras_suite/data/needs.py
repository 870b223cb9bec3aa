"""What an experiment fetches from elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from keras_suite.data import hub
from keras_suite.data.hub import Checkpoint


@dataclass(frozen=True)
class Need:
    """A file, or files, that an experiment needs and does not bring along.

    Args:
        what: in a few words.
        address: where it is published.
        size: about how large, for a person to read.
        licence: under which it is published; "" where that is not known.
        place: where it lies once it is here; None where nothing tells before it is asked for.
        weights: finds the weights, fetched where need be; None for data, which ``load`` fetches.
    """

    what: str
    address: str
    size: str
    licence: str
    place: Path | None = None
    weights: Callable[[], Checkpoint] | None = None

    @property
    def is_present(self) -> bool:
        """Whether it is on this machine."""
        return self.place is not None and self.place.exists()


def pretrained(what: str, name_or_path: str, weights: Callable[[], Checkpoint]) -> Need:
    """Describe weights by a name on the Hugging Face hub, or in a folder of the person's own."""
    size, licence = hub.KNOWN.get(name_or_path, ("", ""))
    address = "" if Path(name_or_path).is_dir() else f"https://huggingface.co/{name_or_path}"
    place = hub.cached_at(name_or_path)
    return Need(f"{what} {name_or_path}", address, size, licence, place, weights)
