"""Predictions of an exported model, from the command line."""

import csv
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TextIO

import tyro

from keras_suite.config import shown
from keras_suite.data.spreadsheets import as_shown
from keras_suite.errors import InputError
from keras_suite.runs.read import find_runs
from keras_suite.serving.batches import MAX_BYTES, MAX_REQUEST_BYTES, Call, in_batches
from keras_suite.serving.card import make_card, read_card
from keras_suite.serving.local import local_model
from keras_suite.serving.predictions import columns
from keras_suite.serving.readers import Reader, reader_of
from keras_suite.serving.rows import Rows, read_csv
from keras_suite.serving.server_files import versions
from keras_suite.terminal import files


@dataclass(frozen=True)
class Predict:
    """Predict with an exported model, in this process or by a server, and print a csv table.

    The table has a header, then a row for each csv row, image or text, in order. Texts that a
    spreadsheet would take for formulas have an apostrophe before them.
    """

    model: Annotated[tyro.conf.Positional[Path], shown("MODEL")]
    """Folder of a run, of an experiment (its latest run), or of an exported model."""
    csv: Annotated[Path | None, shown("FILE", "none")] = None
    """A csv file with a header. Columns: what the model reads, or text; text, pair; question,
    context; words."""
    image: Annotated[tuple[Path, ...], shown("FILE ...", "none")] = ()
    """Image files of the model's size; what is transparent lies on white."""
    text: Annotated[tuple[str, ...], shown("TEXT ...", "none")] = ()
    """Texts or words; for a model of pairs two texts, or a question and its context."""
    to: Annotated[Path | None, shown("FILE", "standard output")] = None
    """A new csv file to write, whole or not at all."""
    rest: Annotated[str | None, shown("URL", "no server, but TensorFlow in this process")] = None
    """URL of a TensorFlow Serving REST port that predicts, such as http://localhost:8501."""
    timeout: float = 10.0
    """Seconds to wait for each of the server's answers."""

    def run(self) -> None:
        """Predict, and print or write, or raise InputError."""
        if sum(map(bool, (self.csv, self.image, self.text))) != 1:
            raise InputError("Give one of --csv FILE, --image FILE ... and --text TEXT ...")
        if not self.timeout > 0:
            raise InputError(f"--timeout must be above 0, not {self.timeout:g}.")
        if self.to is not None and os.path.lexists(self.to):
            raise InputError(f"--to {self.to} exists already: remove it, or name a new file.")
        saved_model, card, tokenizer = _find(self.model)
        if card["data"].get("kind") == "sample":
            print(f"SAMPLE DATA: {card['name']} was trained on nothing else.", file=sys.stderr)
        reader = reader_of(card, tokenizer)
        rows = self._rows(reader)
        with _standard_output() if self.to is None else _new_file(self.to) as file:
            limit = MAX_BYTES if self.rest is None else MAX_REQUEST_BYTES
            call = in_batches(self._call(saved_model, card), reader.at_once, limit)
            writer = csv.writer(file, lineterminator="\n")
            for number, some in enumerate(rows):
                table = columns(reader.ask(some, call), card.get("classes"))
                if not self.csv:
                    asked = [as_shown(cells[0]) for cells in some.cells]
                    table = {some.columns[0]: asked} | table
                if number == 0:
                    writer.writerow(map(as_shown, table))
                writer.writerows(zip(*table.values(), strict=True))

    def _call(self, saved_model: Path, card: dict) -> Call:
        if self.rest is None:
            return local_model(saved_model)
        from keras_suite.serving.rest import rest_model

        name, version, outputs = card["name"], card["version"], card["outputs"]
        return rest_model(self.rest, name, version, outputs, self.timeout)

    def _rows(self, reader: Reader) -> Iterator[Rows]:
        given = "--csv" if self.csv else "--image" if self.image else "--text"
        if given not in reader.flags:
            raise InputError(f"{self.model} reads {' or '.join(reader.flags)}, not {given}.")
        if self.csv:
            return read_csv(self.csv, reader.columns, reader.at_once)
        cells = [*map(str, self.image), *self.text]
        width, step = len(reader.columns), reader.at_once
        if width > 1 and len(cells) != width:
            raise InputError(f"--text must give {width} texts: {' and '.join(reader.columns)}.")
        rows = [cells[start : start + width] for start in range(0, len(cells), width)]
        parts = (rows[start : start + step] for start in range(0, len(rows), step))
        return (Rows(reader.columns, part, [given] * len(part)) for part in parts)


def _find(folder: Path) -> tuple[Path, dict, Path]:
    """Find what a folder names: its SavedModel, card (version None for a run) and tokenizer."""
    folder = (versions(folder) or [folder])[-1]
    extra = folder / "assets.extra"
    if extra.is_dir():
        return folder, read_card(extra / "card.json"), extra / "tokenizer"
    (run, *others), _ = find_runs([folder])
    if others:
        raise InputError(f"{folder} holds several models: name one, such as {folder / run.name}.")
    return run.saved_model, make_card(run, None), run.folder / "tokenizer"


@contextmanager
def _new_file(path: Path) -> Iterator[TextIO]:
    try:
        with files.whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    """Stop without a word where nobody reads on, as ``head`` does."""
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end
