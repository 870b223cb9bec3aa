import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from keras_suite.tasks.fake_news.mistakes import (
    Mistake,
    find_mistakes,
    mistakes_table,
    write_mistakes,
)

CLASSES = ["real", "fake"]
TEXTS = ["zero", "one", "two", "three"]
LABELS = np.array([0, 1, 0, 1])
PROBABILITIES = {
    "SVM": np.array([0.2, 0.4, 0.5, 0.9]),
    "BERT": np.array([0.7, 0.05, 0.95, 0.49], np.float32),
}


def read(path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, strict=True))


def printed(*args, width=80, **kwargs) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(mistakes_table(*args, **kwargs))
    return console.file.getvalue()


def test_mistakes_come_by_model_and_the_most_confident_first():
    mistakes = find_mistakes(TEXTS, LABELS, PROBABILITIES, CLASSES)
    assert [(each.model, each.row) for each in mistakes] == [
        ("BERT", 1),
        ("BERT", 2),
        ("BERT", 0),
        ("BERT", 3),
        ("SVM", 1),
        ("SVM", 2),
    ]
    confidences = [each.confidence for each in mistakes]
    assert confidences == pytest.approx([0.95, 0.95, 0.7, 0.51, 0.6, 0.5])
    assert mistakes[-1] == Mistake("SVM", 2, "two", "real", "fake", 0.5)


def test_a_model_without_mistakes_is_not_among_them():
    right = {"oracle": LABELS.astype(float)}
    assert find_mistakes(TEXTS, LABELS, right, CLASSES) == []


@pytest.mark.parametrize("short", ["texts", "labels", "probabilities"])
def test_parts_of_different_lengths_are_a_mistake_in_the_caller(short):
    parts = {"texts": TEXTS, "labels": LABELS, "probabilities": PROBABILITIES["SVM"]}
    parts[short] = parts[short][:3]
    with pytest.raises(ValueError, match="zip"):
        find_mistakes(parts["texts"], parts["labels"], {"SVM": parts["probabilities"]}, CLASSES)


def test_the_file_holds_a_row_for_each_mistake(tmp_path):
    path = tmp_path / "run" / "misclassified.csv"
    write_mistakes(path, TEXTS, LABELS, PROBABILITIES, CLASSES)
    header, *rows = read(path)
    assert header == ["model", "row", "text", "label", "predicted", "confidence"]
    assert len(rows) == 6
    assert rows[0] == ["BERT", "1", "one", "fake", "real", "0.950000"]
    assert rows[-1] == ["SVM", "2", "two", "real", "fake", "0.500000"]
    assert path.read_bytes().startswith(b"\xef\xbb\xbfmodel,")
    assert list(path.parent.iterdir()) == [path]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_every_text_can_be_read_back_as_it_was(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("run") / "misclassified.csv"
    texts = [*texts, "=1+1", 'two\n\nlines, "quoted"\r\n', "a lone \r"]
    labels = np.zeros(len(texts), int)
    write_mistakes(path, texts, labels, {"A": np.ones(len(texts))}, CLASSES)
    assert [row[2] for row in read(path)[1:]] == texts


def test_an_interrupted_write_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "misclassified.csv"
    write_mistakes(path, TEXTS, LABELS, PROBABILITIES, CLASSES)
    before = path.read_bytes()
    with pytest.raises(UnicodeEncodeError):
        write_mistakes(path, ["\ud800"], LABELS[:1], {"A": np.ones(1)}, CLASSES)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_table_shows_the_first_few_of_each_model():
    text = printed(TEXTS, LABELS, PROBABILITIES, CLASSES, most=1)
    lines = [line.split() for line in text.splitlines() if line.strip()]
    assert lines[0] == ["The", "1", "most", "confident", "mistakes", "of", "each", "model"]
    assert lines[1] == ["row", "label", "predicted", "text"]
    assert lines[3:] == [
        ["BERT"],
        ["1", "fake", "real", "0.950", "one"],
        ["SVM"],
        ["1", "fake", "real", "0.600", "one"],
    ]


def test_the_table_shows_the_beginning_of_a_text_and_nothing_that_commands_the_terminal():
    text = "first\nsecond [bold]third[/] [/] \x1b[2J\x07 " + "and more " * 60
    shown = printed([text], LABELS[:1], {"a model": np.ones(1)}, CLASSES, width=100)
    lines = [line.rstrip() for line in shown.splitlines()]
    (first,) = [i for i, line in enumerate(lines) if "first" in line]
    assert "first second [bold]third[/] [/] [2J and more" in lines[first]
    assert lines[first].split()[:4] == ["0", "real", "fake", "1.000"]
    assert lines[first - 1].split() == ["a", "model"]
    assert any(line.endswith("…") for line in lines[first : first + 3])
    assert "\x1b" not in shown
    assert all(len(line) <= 100 for line in lines)
