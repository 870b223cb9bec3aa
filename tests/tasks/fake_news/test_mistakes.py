import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from keras_suite.tasks.fake_news.mistakes import Mistake, as_csv, as_table, found_in

TEXTS = ["zero", "one", "two", "three"]
LABELS = np.array([0, 1, 0, 1])
PROBABILITIES = {
    "SVM": np.array([0.2, 0.4, 0.5, 0.9]),
    "BERT": np.array([0.7, 0.05, 0.95, 0.49], np.float32),
    "oracle": LABELS.astype(float),
    "of two texts": np.array([0.2, 0.4]),
}


def mistakes_of(texts, labels, probabilities):
    """What a run of such test texts, labels and probabilities by model finds."""
    validation = SimpleNamespace(texts=texts)
    predictions = {
        name: {"test": (labels[: len(each)], each[:, None])} for name, each in probabilities.items()
    }
    data = SimpleNamespace(validation=validation, class_names=["real", "fake"])
    return found_in(SimpleNamespace(data=data, predictions=lambda part: predictions))


def read(text) -> list[list[str]]:
    assert text.startswith("\ufeff")  # or spreadsheets take it for another encoding
    return list(csv.reader(io.StringIO(text[1:], newline=""), strict=True))


def printed(mistakes, width, **kwargs) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(as_table(mistakes, **kwargs))
    return [line.rstrip() for line in console.file.getvalue().splitlines() if line.strip()]


def test_mistakes_come_by_model_and_the_most_confident_first():
    mistakes = mistakes_of(TEXTS, LABELS, PROBABILITIES)
    found = [("BERT", 1), ("BERT", 2), ("BERT", 0), ("BERT", 3), ("SVM", 1), ("SVM", 2)]
    assert [(each.model, each.row) for each in mistakes] == [*found, ("of two texts", 1)]
    confidences = [each.confidence for each in mistakes]
    assert confidences == pytest.approx([0.95, 0.95, 0.7, 0.51, 0.6, 0.5, 0.6])
    assert mistakes[5] == Mistake("SVM", 2, "two", "real", "fake", 0.5)


def test_the_file_holds_a_header_and_a_row_for_each_mistake():
    header, *rows = read(as_csv(mistakes_of(TEXTS, LABELS, PROBABILITIES)))
    assert header == ["model", "row", "text", "label", "predicted", "confidence"]
    assert len(rows) == 7
    assert rows[0] == ["BERT", "1", "one", "fake", "real", "0.950000"]
    assert read(as_csv([])) == [header]


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_every_text_can_be_read_back_as_it_was(texts):
    texts = [*texts, "=1+1", 'two\n\nlines, "quoted"\r\n', "a lone \r"]
    mistakes = mistakes_of(texts, np.zeros(len(texts), int), {"A": np.ones(len(texts))})
    assert [row[2] for row in read(as_csv(mistakes))[1:]] == texts


def test_the_table_shows_the_first_few_of_each_model():
    lines = printed(mistakes_of(TEXTS, LABELS, PROBABILITIES), 80, most=1)
    assert lines[0].strip() == "The 1 most confident mistakes of each model"
    assert lines[1].split() == ["row", "label", "predicted", "text"]
    assert [line.split() for line in lines[3:7]] == [
        ["BERT"],
        ["1", "fake", "real", "0.950", "one"],
        ["SVM"],
        ["1", "fake", "real", "0.600", "one"],
    ]


def test_the_table_shows_the_beginning_of_a_text_and_nothing_that_commands_the_terminal():
    text = "first\nsecond [bold]third[/] [/] \x1b[2J\x07 " + "and more " * 60
    lines = printed(mistakes_of([text], LABELS[:1], {"a model": np.ones(1)}), 100)
    model, first, *_, last = lines[3:]
    assert model.split() == ["a", "model"]
    assert first.split()[:4] == ["0", "real", "fake", "1.000"]
    assert "first second [bold]third[/] [/] [2J and more" in first
    assert last.endswith("…")
    assert len(lines) < 8
    assert not any("\x1b" in line or len(line) > 100 for line in lines)
