"""Misclassified texts: all of them in a file, the most confident ones in a table."""

from collections.abc import Sequence
from itertools import groupby, islice
from typing import NamedTuple

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

CHARACTERS = 150  # of a text in the table, at most


class Mistake(NamedTuple):
    """A text, at a row from 0, that a model gave the wrong class.

    The confidence is the probability of the predicted class, in [0.5, 1].
    """

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
    table = pd.DataFrame(mistakes, columns=Mistake._fields)
    return "\ufeff" + table.to_csv(index=False, float_format="%.6f", lineterminator="\r\n")


def as_table(mistakes: Sequence[Mistake], most: int = 3) -> Table:
    """Lay out the most confident mistakes of each model, as wide as the terminal."""
    title = f"The {most} most confident mistakes of each model"
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.expand = True  # the text takes what the others leave
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
