"""What each kind of served model reads, and how that becomes its inputs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from keras_suite.errors import InputError
from keras_suite.serving.pictures import read_pictures
from keras_suite.serving.protocol import Arrays, Spec
from keras_suite.serving.rows import Rows, is_number
from keras_suite.serving.server_files import MAX_BATCH_SIZE

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Predict = Callable[[Arrays], Arrays]

TEXTS_AT_ONCE = 16
"""Texts, or windows of them, of a request; they are long."""
PICTURES_AT_ONCE = 32


class Reader(Protocol):
    """Asks a model about rows of cells.

    Args:
        flags: of the command line, that give such rows.
        columns: their names, or how many there are.
        at_once: how many rows are read at a time.
    """

    flags: ClassVar[tuple[str, ...]]
    at_once: ClassVar[int]
    columns: list[str] | int

    def ask(self, rows: Rows, predict: Predict) -> Arrays:
        """Return the model's outputs for the rows.

        Raises:
            InputError: naming the row that cannot be used, and why.
        """


@dataclass(frozen=True)
class Numbers:
    """Rows of numbers for one input ``[n, columns]`` of a float dtype."""

    name: str
    spec: Spec
    columns: list[str] | int
    flags: ClassVar = ("--csv",)
    at_once: ClassVar = MAX_BATCH_SIZE

    def ask(self, rows: Rows, predict: Predict) -> Arrays:
        """See :meth:`Reader.ask`."""
        return predict({self.name: _numbers(rows, self.spec.dtype)})


@dataclass(frozen=True)
class Pictures:
    """Images for one input ``[n, height, width]`` or ``[n, height, width, channels]`` uint8."""

    name: str
    spec: Spec
    columns: list[str] = field(default_factory=lambda: ["image"])
    flags: ClassVar = ("--image",)
    at_once: ClassVar = PICTURES_AT_ONCE

    def ask(self, rows: Rows, predict: Predict) -> Arrays:
        """See :meth:`Reader.ask`; a request holds images of one size."""
        paths = [Path(path) for (path,) in rows.cells]
        return _joined(predict({self.name: some}) for some in read_pictures(paths, self.spec.shape))


@dataclass(frozen=True)
class Words:
    """Words for one input ``[n]`` of strings."""

    name: str
    columns: list[str] = field(default_factory=lambda: ["words"])
    flags: ClassVar = ("--text", "--csv")
    at_once: ClassVar = MAX_BATCH_SIZE

    def ask(self, rows: Rows, predict: Predict) -> Arrays:
        """See :meth:`Reader.ask`."""
        (words,) = _texts(rows)
        return predict({self.name: np.array(words, object)})


@dataclass(frozen=True)
class Texts:
    """Texts, or pairs of them, for inputs of token ids ``[n, tokens]``."""

    names: list[str]
    columns: list[str]
    tokenizer: "PreTrainedTokenizerFast"
    max_length: int
    clean: bool = False
    flags: ClassVar = ("--text", "--csv")
    at_once: ClassVar = TEXTS_AT_ONCE

    def ask(self, rows: Rows, predict: Predict) -> Arrays:
        """See :meth:`Reader.ask`."""
        from keras_suite.data.length_buckets import TextRows
        from keras_suite.data.tokens import encode
        from keras_suite.tasks.fake_news.tweets import clean_tweet

        texts = _texts(rows, clean_tweet if self.clean else str)
        encoded = encode(self.tokenizer, texts, self.max_length)
        no_labels = np.zeros(len(encoded), np.int64)
        inputs = TextRows(encoded, no_labels, self.tokenizer.pad_token_id).first(len(encoded))
        return predict(_only(inputs, self.names))


@dataclass(frozen=True)
class Questions:
    """Questions with their contexts, for inputs of token ids ``[windows, tokens]``."""

    names: list[str]
    tokenizer: "PreTrainedTokenizerFast"
    settings: Mapping
    """max_length, stride, threshold and max_answer_tokens of ``serving.answer.answer``."""
    columns: list[str] = field(default_factory=lambda: ["question", "context"])
    flags: ClassVar = ("--text", "--csv")
    at_once: ClassVar = TEXTS_AT_ONCE

    def ask(self, rows: Rows, predict: Predict) -> Arrays:
        """Return each row's ``answer``, "" for none; see :meth:`Reader.ask`."""
        from keras_suite.serving.answer import answer

        def in_parts(**inputs: np.ndarray) -> Arrays:
            inputs = _only(inputs, self.names)
            starts = range(0, len(inputs["input_ids"]), TEXTS_AT_ONCE)
            return _joined(
                predict({name: ids[i : i + TEXTS_AT_ONCE] for name, ids in inputs.items()})
                for i in starts
            )

        answers = []
        for place, *asked in zip(rows.places, *_texts(rows), strict=True):
            try:
                answers.append(answer(*asked, self.tokenizer, in_parts, **self.settings))
            except InputError as error:
                raise InputError(f"{place}: {error}") from error
        return {"answer": np.array(answers, object)}


def reader_of(card: Mapping, inputs: Mapping[str, Spec], folder: Path) -> Reader:
    """Choose how a model's inputs come about.

    Args:
        card: the model's, see :func:`keras_suite.serving.card.make_card`.
        inputs: of the server's signature.
        folder: of the tokenizer.

    Raises:
        InputError: for a model that none of the readers suits, or a tokenizer that cannot be read.
    """
    if "text" in card:
        return _text_reader(dict(card["text"]), list(inputs), folder)
    name, spec = next(iter(inputs.items()))
    if len(inputs) == 1 and spec.shape is not None:
        rank = len(spec.shape)
        if spec.dtype == "string" and rank == 1:
            return Words(name)
        if spec.dtype == "uint8" and (rank == 3 or (rank == 4 and spec.shape[3] in (1, 3))):
            return Pictures(name, spec)
        if spec.dtype.startswith("float") and rank == 2 and (card.get("columns") or spec.shape[1]):
            return Numbers(name, spec, card.get("columns") or spec.shape[1])
    described = ", ".join(f"{name} ({each.dtype} {each.shape})" for name, each in inputs.items())
    raise InputError(
        f"{card['name']} reads {described}, which this command cannot make of files or texts: use "
        "keras_suite.serving.client.Client."
    )


def _text_reader(text: dict, names: list[str], folder: Path) -> Reader:
    from keras_suite.data.tokens import load_tokenizer

    if not folder.is_dir():
        raise InputError(f"{folder} is missing: export the model again, with its tokenizer.")
    tokenizer = load_tokenizer(folder)
    reads, clean = text.pop("reads"), text.pop("clean", False)
    if reads == "question":
        return Questions(names, tokenizer, text)
    columns = ["text", "pair"] if reads == "pair" else ["text"]
    return Texts(names, columns, tokenizer, text["max_length"], clean)


def _numbers(rows: Rows, dtype: str) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):
            numbers = np.array(rows.cells, np.float64).astype(dtype)
        bad = np.argwhere(~np.isfinite(numbers))
    except ValueError:
        cells = enumerate(rows.cells)
        bad = [(i, j) for i, row in cells for j, cell in enumerate(row) if not is_number(cell)]
    if len(bad):
        row, column = bad[0]
        raise InputError(
            f"{rows.places[row]}: {rows.columns[column]} is {rows.cells[row][column][:40]!r}, "
            f"which is not a finite {dtype} number."
        )
    return numbers


def _texts(rows: Rows, clean: Callable[[str], str] = str) -> list[list[str]]:
    """Return each column's texts."""
    for place, cells in zip(rows.places, rows.cells, strict=True):
        for column, cell in zip(rows.columns, cells, strict=True):
            if not clean(cell).strip():
                raise InputError(f"{place}: the {column} is empty; leave it out.")
            if any("\ud800" <= character <= "\udfff" for character in cell):
                raise InputError(f"{place}: the {column} is not UTF-8.")
    return [[clean(cell) for cell in column] for column in zip(*rows.cells, strict=True)]


def _only(inputs: Arrays, names: list[str]) -> Arrays:
    """Leave out what a signature has not, such as token_type_ids."""
    return {name: array for name, array in inputs.items() if name in names}


def _joined(parts) -> Arrays:
    parts = list(parts)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
