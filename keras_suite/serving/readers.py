"""What each kind of served model reads, and how that becomes its inputs."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from keras_suite.errors import InputError, in_a_line, printable
from keras_suite.serving.batches import Arrays, Call
from keras_suite.serving.images import read_image
from keras_suite.serving.rows import Rows
from keras_suite.serving.server_files import MAX_BATCH_SIZE

TEXTS_AT_ONCE, IMAGES_AT_ONCE = 16, 32  # texts, or windows of them, are long
QUESTION_SETTINGS = "max_length", "stride", "max_answer_tokens", "threshold"


@dataclass(frozen=True)
class Reader:
    """How rows of cells become outputs."""

    columns: list[str]
    flags: tuple[str, ...]
    """Of the command line, that give such rows."""
    at_once: int
    """Rows that are read, and go through the model, at a time."""
    ask: Callable[[Rows, Call], Arrays]
    """Computes outputs of rows; raises InputError naming the row that cannot be used, and why."""


def reader_of(card: Mapping, tokenizer: Path) -> Reader:
    """Choose a reader by a model's card, with the tokenizer in a folder, or raise InputError."""
    inputs = card["inputs"]
    if "text" in card:
        return _text_reader(card["text"], list(inputs), tokenizer)
    if len(inputs) == 1:
        ((name, spec),) = inputs.items()
        match spec["dtype"], spec["shape"]:
            case "string", [_]:
                ask = partial(_ask_words, name=name)
                return Reader(["words"], ("--text", "--csv"), MAX_BATCH_SIZE, ask)
            case "uint8", [_, *size] if len(size) == 2 or size[2:] in ([1], [3]):
                at_once = 1 if None in size else IMAGES_AT_ONCE  # of one size
                ask = partial(_ask_images, name=name, size=size)
                return Reader(["image"], ("--image",), at_once, ask)
            case "float32" | "float64" as dtype, [_, _] if "columns" in card:
                ask = partial(_ask_numbers, name=name, dtype=dtype)
                return Reader(card["columns"], ("--csv",), MAX_BATCH_SIZE, ask)
    described = ", ".join(f"{n} ({each['dtype']} {each['shape']})" for n, each in inputs.items())
    raise InputError(f"{card['name']} reads {described}: call its SavedModel from Python.")


def _text_reader(text: Mapping, names: list[str], folder: Path) -> Reader:
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), use_fast=True, local_files_only=True)
    except Exception as error:  # the libraries raise whatever their parsers do
        raise InputError(
            f"The tokenizer {folder} cannot be read ({in_a_line(error)}): run the experiment again."
        ) from error
    reads, clean = text["reads"], text.get("clean", False)
    if reads == "question":
        settings = {name: text[name] for name in QUESTION_SETTINGS if name in text}
        columns, ask = ["question", "context"], partial(_ask_questions, settings=settings)
    else:
        columns = ["text", "pair"] if reads == "pair" else ["text"]
        ask = partial(_ask_texts, max_length=text["max_length"], clean=clean)
    ask = partial(ask, names=names, tokenizer=tokenizer)
    return Reader(columns, ("--text", "--csv"), TEXTS_AT_ONCE, ask)


def _ask_numbers(rows: Rows, call: Call, name: str, dtype: str) -> Arrays:
    with np.errstate(over="ignore"):
        numbers = np.array([list(map(_number, row)) for row in rows.cells]).astype(dtype)
    for row, column in np.argwhere(~np.isfinite(numbers)):
        raise InputError(
            f"{rows.places[row]}: {rows.columns[column]} is {rows.cells[row][column][:40]!r}, "
            f"which is not a finite {dtype} number."
        )
    return call({name: numbers})


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def _ask_images(rows: Rows, call: Call, name: str, size: list) -> Arrays:
    images = [read_image(Path(path), *size) for (path,) in rows.cells]
    for image, (path,) in zip(images, rows.cells, strict=True):
        if image.min() == image.max():
            print(printable(f"{path} is of one colour alone."), file=sys.stderr)
    return call({name: np.stack(images)})


def _ask_words(rows: Rows, call: Call, name: str) -> Arrays:
    return call({name: np.array(_texts(rows)[0], object)})


def _ask_texts(
    rows: Rows, call: Call, names: list[str], tokenizer, max_length: int, clean: bool
) -> Arrays:
    """Ask about texts, or pairs of them, by token ids ``[n, tokens]``."""
    from keras_suite.tasks.fake_news.tweets import clean_tweet

    texts = _texts(rows, clean_tweet if clean else str)
    ids = tokenizer(
        *texts, truncation="longest_first", max_length=max_length, padding=True, return_tensors="np"
    )
    return call({name: ids[name].astype(np.int32) for name in names})


def _ask_questions(
    rows: Rows, call: Call, names: list[str], tokenizer, settings: Mapping
) -> Arrays:
    """Return each row's ``answer``, "" for none, by windows of its context."""
    from keras_suite.tasks.persian_qa.answer import answer

    def call_with_names(**inputs: np.ndarray) -> Arrays:
        return call({name: inputs[name] for name in names})

    answers = []
    for place, question, context in zip(rows.places, *_texts(rows), strict=True):
        try:
            answers.append(answer(question, context, tokenizer, call_with_names, **settings))
        except InputError as error:
            raise InputError(f"{place}: {error}") from error
    return {"answer": np.array(answers, object)}


def _texts(rows: Rows, clean: Callable[[str], str] = str) -> list[list[str]]:
    """Return each column's texts."""
    for place, cells in zip(rows.places, rows.cells, strict=True):
        for column, cell in zip(rows.columns, cells, strict=True):
            if not clean(cell).strip():
                raise InputError(f"{place}: the {column} is empty; leave it out.")
            if any("\ud800" <= character <= "\udfff" for character in cell):
                raise InputError(f"{place}: the {column} is not UTF-8.")
    return [[clean(cell) for cell in column] for column in zip(*rows.cells, strict=True)]
