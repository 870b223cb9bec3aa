import io

import pytest
from rich.console import Console

from keras_suite.errors import InputError
from keras_suite.report.comparison import compare, show
from keras_suite.report.page import write_comparison
from tests.report.run_folders import SAMPLE, result, write_run


@pytest.fixture
def two(tmp_path):
    first = write_run(
        tmp_path,
        "20260101-000000-aaaaaaaa",
        config={"epochs": 3, "seed": 42, "old": 1},
        results=[result(split="train"), result(), result("f1", 0.5)],
    )
    second = write_run(
        tmp_path,
        "20260102-000000-bbbbbbbb",
        config={"epochs": 5, "seed": 42, "new": [1, 2]},
        results=[result(reproduced=0.95), result("loss", 0.1)],
        environment={"python": "3.12.0", "keras": "3.15.1"},
    )
    return first, second


def printed(comparison):
    console = Console(file=io.StringIO(), width=110)
    show(comparison, console)
    return console.file.getvalue()


def test_settings_and_circumstances_that_differ_are_listed(two):
    comparison = compare(*two)
    assert comparison.changes["Settings"] == [
        ("epochs", "3", "5"),
        ("old", "1", "–"),
        ("new", "–", "1, 2"),
    ]
    assert comparison.changes["Circumstances"] == [("python", "3.11.7", "3.12.0")]


def test_figures_stand_side_by_side_with_their_difference(two):
    pairs = {(pair.entry.table, pair.entry.metric): pair for pair in compare(*two).pairs}
    assert list(pairs) == [
        ("test", "accuracy"),
        ("test", "f1"),
        ("test", "loss"),
        ("train", "accuracy"),
    ]
    assert pairs["test", "accuracy"].difference == pytest.approx(0.05)
    assert pairs["test", "accuracy"].verdict == "better"
    assert pairs["test", "f1"].second is None
    assert pairs["test", "loss"].first is None
    assert (pairs["test", "f1"].difference, pairs["test", "f1"].verdict) == (None, "")


def test_the_figures_of_a_table_stand_together(tmp_path):
    tables = ["train", "a", "cost", "test"]
    first = write_run(tmp_path, "a", results=[result(split=name) for name in tables])
    second = write_run(tmp_path, "b", results=[result("f1", split=name) for name in tables])
    found = [pair.entry.table for pair in compare(first, second).pairs]
    assert found == ["test", "test", "cost", "cost", "train", "train", "a", "a"]


def test_what_is_within_the_spread_of_the_seeds_is_neither_better_nor_worse(tmp_path):
    first = write_run(tmp_path, "a", results=[result(std=0.02, values=[0.88, 0.92])])
    second = write_run(tmp_path, "b", results=[result(reproduced=0.91)])
    third = write_run(tmp_path, "c", results=[result(reproduced=0.87)])
    assert compare(first, second).pairs[0].verdict == ""
    assert compare(first, third).pairs[0].verdict == "worse"


def test_the_terminal_shows_all_of_it(two):
    text = printed(compare(*two))
    for part in ("epochs", "3.12.0", "0.9000", "0.9500", "+0.0500", "better", "20260102"):
        assert part in text


def test_a_run_with_itself_differs_in_nothing(two):
    comparison = compare(two[0], two[0])
    assert comparison.changes == {"Settings": [], "Circumstances": []}
    assert {pair.difference for pair in comparison.pairs} == {0}
    assert "Settings: the same." in printed(comparison)


def test_runs_that_cannot_be_compared_say_so(two, tmp_path):
    sample = write_run(tmp_path, "c", data=SAMPLE)
    other = write_run(tmp_path, "d", "other")
    assert "do not compare" in compare(two[0], sample).notice
    assert "do not compare" in printed(compare(two[0], sample))
    assert "different experiments" in compare(two[0], other).notice
    assert "SAMPLE ROWS" in compare(sample, sample).notice
    assert compare(*two).notice == ""


def test_an_experiment_stands_for_its_latest_run(two):
    home = two[0].parent
    (home / "latest").symlink_to(two[1].name)
    assert compare(home, two[0]).first.folder.name == two[1].name
    assert compare(home / "latest", two[0]).first.name == "toy"


def test_what_is_no_run_is_refused_in_a_sentence(two, tmp_path):
    (two[0] / "metrics.json").write_text("{")
    for folder in (tmp_path / "none", two[0].parent, two[0]):
        with pytest.raises(InputError, match="is no run that can be compared"):
            compare(folder, two[1])


def test_markup_in_names_is_text_in_the_terminal_and_on_the_page(tmp_path):
    evil = "[bold]<img src=x onerror=alert(1)>"
    runs = [
        write_run(tmp_path, f"{i}{evil}", evil, {evil: i}, results=[result(evil, model=evil)])
        for i in range(2)
    ]
    comparison = compare(*runs)
    assert "[bold]<img" in printed(comparison)
    page = tmp_path / "page.html"
    write_comparison(comparison, page)
    html = page.read_text()
    assert "<img" not in html
    assert "[bold]&lt;img" in html


def test_the_page_never_takes_the_place_of_a_folder(two, tmp_path):
    with pytest.raises(InputError, match="not the name of a page"):
        write_comparison(compare(*two), tmp_path / "toy")
    assert two[0].exists()
