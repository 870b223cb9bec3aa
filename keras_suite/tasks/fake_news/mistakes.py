"""Misclassified texts: all of them in a file, the most confident ones in a table."""

import csv
import io
from collections.abc import Mapping, Sequence
from itertools import groupby, islice
from typing import NamedTuple

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

CHARACTERS = 150
"""Of a text in the table, at most."""


class Mistake(NamedTuple):
    """A text that a model gave the wrong class.

    Args:
        model: its name.
        row: of the text, from 0.
        text: as it was given.
        label: the name of its class.
        predicted: the name of the class that the model gave it.
        confidence: the probability that the model gave that class, in [0.5, 1].
    """

    model: str
    row: int
    text: str
    label: str
    predicted: str
    confidence: float


def find_mistakes(
    texts: Sequence[str],
    models: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]],
    class_names: Sequence[str],
) -> list[Mistake]:
    """Find what each model got wrong, by the model's name and the most confident first.

    Args:
        texts: at least n of them.
        models: by name, of the part "test" labels ``[n]``, 0 or 1, and probabilities of label 1
            ``[n, 1]``; from 0.5 on it is predicted.
        class_names: of label 0 and label 1.
    """
    mistakes = []
    for model, parts in models.items():
        labels, probabilities = parts["test"]
        rows = zip(texts, labels, probabilities[:, 0], strict=False)
        for row, (text, label, probability) in enumerate(rows):
            predicted = int(probability >= 0.5)
            if predicted != label:
                confidence = float(probability if predicted else 1 - probability)
                named = class_names[label], class_names[predicted]
                mistakes.append(Mistake(model, row, text, *named, confidence))
    return sorted(mistakes, key=lambda each: (each.model, -each.confidence, each.row))


def found_in(outcome) -> list[Mistake]:
    """Return the mistakes of a run's test predictions."""
    texts, names = outcome.data.validation.texts, outcome.data.class_names
    return find_mistakes(texts, outcome.predictions("test"), names)


def as_csv(mistakes: Sequence[Mistake]) -> str:
    """Return a csv file's text, with a mark so that spreadsheets read it as UTF-8."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(Mistake._fields)
    writer.writerows(each._replace(confidence=f"{each.confidence:.6f}") for each in mistakes)
    return "\ufeff" + file.getvalue()


def as_table(mistakes: Sequence[Mistake], most: int = 3) -> Table:
    """Lay out the most confident mistakes of each model, as wide as the terminal.

    Args:
        mistakes: of :func:`find_mistakes`.
        most: how many of each model.
    """
    table = Table(
        title=f"The {most} most confident mistakes of each model",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        expand=True,  # the text takes what the others leave
    )
    for name in ("row", "label", "predicted"):
        table.add_column(name, no_wrap=True, justify="right" if name == "row" else "left")
    table.add_column("text", ratio=1)
    for model, of_model in groupby(mistakes, key=lambda each: each.model):
        table.add_row("", "", "", Text(model, style="bold"))
        for each in islice(of_model, most):
            predicted = f"{each.predicted} {each.confidence:.3f}"
            cells = f"{each.row:,}", each.label, predicted, _in_a_line(each.text)
            table.add_row(*map(Text, cells))
    return table


def _in_a_line(text: str) -> str:
    """Return the beginning of a text as it may be printed: no line breaks, no terminal commands."""
    text = "".join(filter(str.isprintable, " ".join(text.split())))
    return text if len(text) <= CHARACTERS else f"{text[: CHARACTERS - 2].rstrip()} …"
