"""Asking a served model from the command line."""

import csv
import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, TextIO

import tyro

from keras_suite.errors import InputError
from keras_suite.serving import predictions
from keras_suite.serving.client import Client
from keras_suite.serving.protocol import Arrays
from keras_suite.serving.readers import Reader, reader_of
from keras_suite.serving.rows import Rows, read_csv
from keras_suite.serving.server_files import versions
from keras_suite.terminal import files


@dataclass(frozen=True)
class Predict:
    """Ask a model that TensorFlow Serving serves, and print what it says.

    Images, texts and words get a line each. A csv file gets a csv file: a header, then a row for
    each of its rows, in order.
    """

    name: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="NAME")]
    """The model."""
    rest: str | None = None
    """HOST:PORT of the server's REST port, usually localhost:8501."""
    grpc: str | None = None
    """HOST:PORT of the server's gRPC port, usually localhost:8500; faster with large inputs."""
    models: Path = Path("models")
    """Folder of the exported models, whose cards name classes and columns."""
    version: int | None = None
    """Of the model; the newest one in that folder otherwise."""
    csv: Path | None = None
    """A csv file with a header. Columns: what the model reads, or text; text, pair; question,
    context; words."""
    image: tuple[Path, ...] = ()
    """Files in any usual format."""
    text: tuple[str, ...] = ()
    """Texts or words; for a model of pairs two texts, or a question and its context."""
    to: Path | None = None
    """Write a csv file here, whole or not at all, instead of printing."""
    timeout: float = 10.0
    """Seconds to wait for each answer."""
    retries: int = 3
    """How often to try again where the server cannot be reached."""

    def __post_init__(self):
        if (self.rest is None) == (self.grpc is None):
            raise InputError("Give the server by one of --rest HOST:PORT and --grpc HOST:PORT.")
        if sum(map(bool, (self.csv, self.image, self.text))) != 1:
            raise InputError("Give one of --csv FILE, --image FILE ... and --text TEXT ...")
        if not self.timeout > 0:
            raise InputError(f"--timeout must be above 0, not {self.timeout:g}.")
        if self.retries < 0:
            raise InputError(f"--retries must be at least 0, not {self.retries}.")

    def run(self) -> None:
        """Ask, and print or write.

        Raises:
            InputError: one sentence on what keeps it from being done.
        """
        folder = self._folder()
        card, version = _read_card(folder), int(folder.name)
        if card.get("data", {}).get("kind") == "sample":
            print(f"SAMPLE DATA: {self.name} was trained on nothing else.", file=sys.stderr)
        client = self._client()
        inputs = client.signature(self.name, version)["inputs"]
        reader = reader_of(card, inputs, folder / "assets.extra" / "tokenizer")
        predict = partial(client.predict, self.name, version=version)
        asked = ((rows, reader.ask(rows, predict)) for rows in self._rows(reader))
        classes = card.get("classes")
        if self.to is not None:
            with _whole_file(self.to) as file:
                _write_csv(asked, classes, file)
            return
        with _nobody_need_read_on():
            if self.csv is not None:
                _write_csv(asked, classes, sys.stdout)
            else:
                _print_lines(asked, classes, str if self.image else _in_short)

    def _folder(self) -> Path:
        """Return the model's version, whose card says how to read what is predicted."""
        home = self.models / self.name
        found = {int(each.name): each for each in versions(home)}
        if not found:
            known = ", ".join(
                sorted(each.name for each in self.models.glob("*/") if versions(each))
            )
            raise InputError(
                f"{home} holds no model: name one of {known}."
                if known
                else f"{self.models} holds no models: name the folder you exported to by --models."
            )
        wanted = max(found) if self.version is None else self.version
        if wanted not in found:
            known = ", ".join(map(str, sorted(found)))
            raise InputError(f"{home} has no version {wanted}, but {known}.")
        return found[wanted]

    def _client(self) -> Client:
        if self.rest is not None:
            return Client(self.rest, "rest", self.timeout, self.retries)
        from keras_suite.terminal.quiet import start_tensorflow

        start_tensorflow()  # the messages are TensorFlow's
        return Client(self.grpc, "grpc", self.timeout, self.retries)

    def _rows(self, reader: Reader) -> Iterator[Rows]:
        given = "--csv" if self.csv else "--image" if self.image else "--text"
        if given not in reader.flags:
            raise InputError(
                f"{self.name} is asked by {' or '.join(reader.flags)}, not by {given}."
            )
        if self.csv:
            yield from read_csv(self.csv, reader.columns, reader.at_once)
            return
        cells = [str(path) for path in self.image] or list(self.text)
        width = len(reader.columns)
        if width > 1 and len(cells) != width:
            raise InputError(f"--text must give {width} texts: {' and '.join(reader.columns)}.")
        rows = (cells[start : start + width] for start in range(0, len(cells), width))
        while some := list(islice(rows, reader.at_once)):
            yield Rows(reader.columns, some, [given] * len(some))


def _read_card(folder: Path) -> dict:
    path = folder / "assets.extra" / "card.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: export the model again.") from error


def _write_csv(
    asked: Iterator[tuple[Rows, Arrays]], classes: list[str] | None, file: TextIO
) -> None:
    writer = csv.writer(file, lineterminator="\n")
    for number, (_, outputs) in enumerate(asked):
        table = predictions.columns(outputs, classes)
        if number == 0:
            writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))


def _print_lines(
    asked: Iterator[tuple[Rows, Arrays]], classes: list[str] | None, called: Callable[[str], str]
) -> None:
    for rows, outputs in asked:
        said = predictions.sentences(outputs, classes)
        for cells, sentence in zip(rows.cells, said, strict=True):
            print(f"{called(cells[0])}: {sentence}", flush=True)


def _in_short(text: str) -> str:
    return textwrap.shorten(text, 80, placeholder=" ...")


@contextmanager
def _whole_file(path: Path) -> Iterator[TextIO]:
    if path.is_dir():
        raise InputError(f"--to {path} is a folder: name a file.")
    try:
        with (
            files.whole(path) as partial_file,
            partial_file.open("w", encoding="utf-8", newline="") as file,
        ):
            yield file
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error


@contextmanager
def _nobody_need_read_on() -> Iterator[None]:
    """Stop without a word where standard output is closed, as by ``head``."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end
