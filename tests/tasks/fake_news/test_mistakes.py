import csv
import io
from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from keras_suite.data.spreadsheets import as_shown
from keras_suite.tasks.fake_news.mistakes import Mistake, as_csv, as_table, found_in

TEXTS, LABELS = ["zero", "one", "two", "three"], np.array([0, 1, 0, 1])
PROBABILITIES = {
    "SVM": np.array([0.2, 0.4, 0.5, 0.9]),
    "BERT": np.array([0.7, 0.05, 0.95, 0.49], np.float32),
    "oracle": LABELS.astype(float),
    "of two texts": np.array([0.2, 0.4]),
}
HEADER = ["model", "row", "text", "label", "predicted", "confidence"]


def mistakes_of(texts, labels, probabilities):
    """What a run of such test texts, labels and probabilities by model finds."""
    predictions = {
        name: {"test": (labels[: len(each)], each[:, None])} for name, each in probabilities.items()
    }
    data = SimpleNamespace(validation=SimpleNamespace(texts=texts), class_names=["real", "fake"])
    return found_in(SimpleNamespace(data=data, predictions=lambda part: predictions))


def read(text) -> list[list[str]]:
    assert text.startswith("\ufeff")  # or spreadsheets take it for another encoding
    return list(csv.reader(io.StringIO(text[1:], newline=""), strict=True))


def printed(mistakes, **kwargs) -> list[str]:
    console = Console(file=io.StringIO(), width=100)
    console.print(as_table(mistakes, **kwargs))
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 100
    return [" ".join(line.split()) for line in lines if line.strip()]


def test_mistakes_come_by_model_and_the_most_confident_first():
    mistakes = mistakes_of(TEXTS, LABELS, PROBABILITIES)
    assert [(each.model, each.row, round(each.confidence, 6)) for each in mistakes] == [
        *(("BERT", 1, 0.95), ("BERT", 2, 0.95), ("BERT", 0, 0.7), ("BERT", 3, 0.51)),
        *(("SVM", 1, 0.6), ("SVM", 2, 0.5), ("of two texts", 1, 0.6)),
    ]
    assert mistakes[5] == Mistake("SVM", 2, "two", "real", "fake", 0.5)


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_the_file_has_a_header_and_every_text_as_a_spreadsheet_may_show_it(texts):
    texts = [*texts, "=1+1", 'two\n\nlines, "quoted"\r\n', "a lone \r"]
    mistakes = mistakes_of(texts, np.zeros(len(texts), int), {"A": np.full(len(texts), 0.875)})
    shown = [*map(as_shown, texts[:-3]), "'=1+1", texts[-2], "a lone ?"]
    rows = [["A", str(i), text, "real", "fake", "0.875000"] for i, text in enumerate(shown)]
    assert read(as_csv(mistakes)) == [HEADER, *rows]
    assert read(as_csv([])) == [HEADER]


def test_the_table_shows_a_few_of_each_model_and_nothing_that_commands_the_terminal():
    lines = printed(mistakes_of(TEXTS, LABELS, PROBABILITIES), most=1)
    assert lines[0] == "The 1 most confident mistakes of each model"
    assert lines[3:7] == ["BERT", "1 fake real 0.950 one", "SVM", "1 fake real 0.600 one"]
    text = "first\nsecond [bold]third[/] [/] \x1b[2J\x07 " + "and more " * 60
    model, first, *_, last = printed(mistakes_of([text], LABELS[:1], {"a model": np.ones(1)}))[3:]
    assert model == "a model"
    assert first.startswith("0 real fake 1.000 first second [bold]third[/] [/] [2J and")
    assert last.endswith("…")
