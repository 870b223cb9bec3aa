"""Figures of a run, embedded, with alternatives in words."""

import base64
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from keras_suite.runs.numbers import figure
from keras_suite.runs.read import RunFolder
from keras_suite.terminal import files

SIGNATURE, END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
HEAD = 33  # bytes, in which the sizes stand
LARGEST = 20_000_000  # bytes; ours have a few ten thousand
ABBREVIATIONS = {"roc": "ROC", "tsne": "t-SNE"}
MENTIONED = 4  # of many curves or models


@dataclass(frozen=True)
class Picture:
    """A PNG file as a page embeds it, width and height in pixels."""

    caption: str
    alt: str
    """The caption for who does not see the figure, with what the data say."""
    uri: str
    """The file itself."""
    width: int
    height: int

    @property
    def is_wide(self) -> bool:
        """Whether it needs the page's width to be read."""
        return self.width > min(900, 1.7 * self.height)


def read_pictures(
    folder: Path, of: str, run: RunFolder | None = None
) -> tuple[list[Picture], list[str]]:
    """Read all ``*.png`` in a folder, which need not exist, in the order of their names.

    The alternatives in words say what they are ``of``, and tell the results of the run. Returns the
    figures, and a phrase about each that is not whole.
    """
    pictures, problems = [], []
    for path in sorted(folder.glob("[!.]*.png")):
        try:
            data = _whole_png(path)
        except (ValueError, OSError) as error:
            why = getattr(error, "strerror", None) or error
            problems.append(f"figure {path.name} cannot be shown ({why})")
            continue
        first, *others = (ABBREVIATIONS.get(word, word) for word in path.stem.split("_"))
        first = first if first in ABBREVIATIONS.values() else first.capitalize()
        caption = " ".join([first, *others])
        words = _in_words(path.stem, run) if run else ""
        alt = f"{caption} of {of}. {words}".strip()
        uri = f"data:image/png;base64,{base64.b64encode(data).decode()}"
        pictures.append(Picture(caption, alt, uri, *struct.unpack(">II", data[16:24])))
    return pictures, problems


def _whole_png(path: Path) -> bytes:
    files.require_own(path)
    if not path.is_file():
        raise ValueError("not a file")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"larger than {LARGEST:,} bytes")
    data = path.read_bytes()
    if data.startswith(SIGNATURE) and data.endswith(END) and len(data) > HEAD:
        return data
    raise ValueError("cut off" if data.startswith(SIGNATURE) else "not a PNG file")


def _in_words(name: str, run: RunFolder) -> str:
    """Say what the data behind a figure say, where the run's files tell."""
    if name.startswith(("beside_reported", "confusion", "roc")):
        test = [entry for entry in run.entries if entry.table == "test"]
        known = {entry.metric for entry in test}
        metric = next((m for m in ("f1", "accuracy", "balanced_accuracy") if m in known), None)
        told = []
        for entry in (each for each in test if each.metric == metric):
            beside = f" (reported {entry.reported_text})" if entry.reported_text else ""
            told.append(f"{metric} of {entry.of} {entry.text}{beside}")
        return _joined("Test rows", told)
    if name.startswith(("learning_curves", "evaluations", "validation", "training_loss")):
        return _curves(run.history)
    return ""


def _curves(history: tuple[dict, ...]) -> str:
    fits: dict[str, list[float]] = {}
    for row in history:
        with suppress(TypeError, ValueError):
            loss = float(row.get("val_loss") or row.get("loss", ""))
            fits.setdefault(str(row.get("fit")), []).append(loss)
    kind = "Validation loss" if any(row.get("val_loss") for row in history) else "Loss"
    ends = [(fit, figure(ys[0]), figure(ys[-1]), figure(min(ys))) for fit, ys in fits.items()]
    return _joined(kind, [f"of {fit} from {a} to {z}, at best {best}" for fit, a, z, best in ends])


def _joined(kind: str, parts: list[str]) -> str:
    more = [f"and {len(parts) - MENTIONED} more"] if len(parts) > MENTIONED else []
    return f"{kind}: {'; '.join(parts[:MENTIONED] + more)}." if parts else ""
