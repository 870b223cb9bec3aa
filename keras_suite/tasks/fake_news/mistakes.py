"""Misclassified texts: all of them in a file, the most confident ones in a table."""

from collections.abc import Sequence
from itertools import groupby, islice
from typing import NamedTuple

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from keras_suite.data.spreadsheets import all_as_shown

CHARACTERS = 150  # of a text in the table, at most


class Mistake(NamedTuple):
    """A text, at a row from 0, that a model gave the wrong class with a probability from 0.5 on."""

    model: str
    row: int
    text: str
    label: str
    predicted: str
    confidence: float


def found_in(outcome) -> list[Mistake]:
    """Find what each model of a run got wrong in the test, by its name, the most confident first.

    Label 1 is predicted from a probability of 0.5 on.
    """
    texts, class_names = outcome.data.validation.texts, outcome.data.class_names
    mistakes = []
    for model, parts in outcome.predictions("test").items():
        labels, probabilities = parts["test"]
        rows = zip(texts, labels, probabilities[:, 0], strict=False)  # the test may be cut short
        for row, (text, label, probability) in enumerate(rows):
            predicted = int(probability >= 0.5)
            if predicted != label:
                confidence = float(probability if predicted else 1 - probability)
                named = class_names[label], class_names[predicted]
                mistakes.append(Mistake(model, row, text, *named, confidence))
    return sorted(mistakes, key=lambda each: (each.model, -each.confidence, each.row))


def as_csv(mistakes: Sequence[Mistake]) -> str:
    """Return a csv file's text, with a mark so that spreadsheets read it as UTF-8."""
    table = all_as_shown(pd.DataFrame(mistakes, columns=Mistake._fields))
    return "\ufeff" + table.to_csv(index=False, float_format="%.6f", lineterminator="\r\n")


def as_table(mistakes: Sequence[Mistake], most: int = 3) -> Table:
    """Lay out the most confident mistakes of each model, as wide as the terminal."""
    title = f"The {most} most confident mistakes of each model"
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.expand = True  # the text takes what the others leave
    table.add_column("row", no_wrap=True, justify="right")
    table.add_column("label", no_wrap=True)
    table.add_column("predicted", no_wrap=True)
    table.add_column("text", ratio=1)
    for model, of_model in groupby(mistakes, key=lambda each: each.model):
        table.add_row("", "", "", Text(model, style="bold"))
        for each in islice(of_model, most):
            predicted = f"{each.predicted} {each.confidence:.3f}"
            text = "".join(filter(str.isprintable, " ".join(each.text.split())))  # no commands
            if len(text) > CHARACTERS:
                text = f"{text[: CHARACTERS - 2].rstrip()} …"
            table.add_row(*map(Text, (f"{each.row:,}", each.label, predicted, text)))
    return table
