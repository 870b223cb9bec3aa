"""Figures of a run, embedded, with alternatives in words."""

import base64
import struct
from dataclasses import dataclass
from pathlib import Path

from keras_suite.report.entries import Entry
from keras_suite.report.numbers import as_reported, figure, parsed
from keras_suite.report.records import RunRecord

SIGNATURE, END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
LARGEST = 20_000_000
"""Bytes of a figure; ours have a few ten thousand."""
ABBREVIATIONS = {"roc": "ROC", "tsne": "t-SNE"}
MENTIONED = 4
"""Of many curves or models as many are put into words."""


@dataclass(frozen=True)
class Picture:
    """A PNG file as a page embeds it.

    Args:
        caption: what it shows, in a few words.
        alt: the same for who does not see it, with what the data say.
        uri: the file itself.
        width: in pixels.
        height: in pixels.
    """

    caption: str
    alt: str
    uri: str
    width: int
    height: int

    @property
    def is_wide(self) -> bool:
        """Whether it needs the page's width to be read."""
        return self.width > min(900, 1.7 * self.height)


def read_pictures(
    folder: Path, of: str, record: RunRecord | None = None
) -> tuple[list[Picture], list[str]]:
    """Read all ``*.png`` in a folder.

    Args:
        folder: which need not exist.
        of: what the figures are of, for the alternatives in words.
        record: of the run they belong to, whose figures are put into words.

    Returns:
        The figures in the order of their names, and a phrase about each that is not whole.
    """
    pictures, problems = [], []
    for path in sorted(folder.glob("*.png")):
        if path.name.startswith("."):
            continue
        try:
            data = _whole_png(path)
        except (ValueError, OSError) as error:
            problems.append(f"figure {path.name} cannot be shown ({error})")
            continue
        caption = _caption(path.stem)
        words = _in_words(path.stem, record) if record else ""
        alt = f"{caption} of {of}. {words}".strip()
        uri = f"data:image/png;base64,{base64.b64encode(data).decode()}"
        pictures.append(Picture(caption, alt, uri, *struct.unpack(">II", data[16:24])))
    return pictures, problems


def _caption(name: str) -> str:
    first, *words = name.split("_")
    words = [ABBREVIATIONS.get(first, first.capitalize()), *words]
    return " ".join(ABBREVIATIONS.get(word, word) for word in words)


def _whole_png(path: Path) -> bytes:
    if not path.is_file():
        raise ValueError("not a file")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"larger than {LARGEST:,} bytes")
    data = path.read_bytes()
    if not data.startswith(SIGNATURE):
        raise ValueError("not a PNG file")
    if not data.endswith(END):
        raise ValueError("cut off")
    return data


def _in_words(name: str, record: RunRecord) -> str:
    """Say what the data behind a figure say, where the run's files tell."""
    test = [entry for entry in record.entries if entry.split == "test"]
    if name.startswith("beside_reported"):
        return _list([each for each in test if each.reported is not None and _is_share(each)])
    if name.startswith(("confusion", "roc")):
        known = {entry.metric for entry in test}
        shown = next((m for m in ("f1", "accuracy", "balanced_accuracy") if m in known), None)
        return _list([entry for entry in test if entry.metric == shown])
    if name.startswith(("learning_curves", "evaluations", "validation", "training_loss")):
        return _curves(record.history)
    return ""


def _is_share(entry: Entry) -> bool:
    return entry.metric in ("accuracy", "f1")


def _list(entries: list[Entry]) -> str:
    parts = []
    for entry in entries[:MENTIONED]:
        reported = entry.reported
        beside = "" if reported is None else f" (reported {as_reported(reported)})"
        parts.append(f"{entry.metric} of {entry.of} {figure(entry.reproduced)}{beside}")
    return f"Test rows: {_joined(parts, len(entries))}." if parts else ""


def _curves(history: tuple[dict, ...]) -> str:
    fits: dict[str, list[float]] = {}
    for row in history:
        loss = parsed(row.get("val_loss") or row.get("loss"))
        if loss is not None:
            fits.setdefault(str(row.get("fit")), []).append(loss)
    kind = "Validation loss" if any(row.get("val_loss") for row in history) else "Loss"
    parts = [
        f"of {fit} from {figure(losses[0])} to {figure(losses[-1])}, at best {figure(min(losses))}"
        for fit, losses in list(fits.items())[:MENTIONED]
    ]
    return f"{kind}: {_joined(parts, len(fits))}." if parts else ""


def _joined(parts: list[str], there_are: int) -> str:
    more = there_are - len(parts)
    return "; ".join(parts) + (f"; and {more} more" if more else "")
