import io

import pytest
from rich.console import Console

from keras_suite.errors import InputError
from keras_suite.report.comparison import compare, show
from keras_suite.report.page import write_comparison
from tests.report.run_folders import SAMPLE, result, write_run


@pytest.fixture
def two(tmp_path):
    config = {"epochs": 3, "seed": 42, "old": 1}
    seeds = {"std": 0.0, "values": [0.9, 0.9]}
    results = [result(split="train"), result(split="a"), result(**seeds), result("f1", 0.5)]
    first = write_run(tmp_path, "1", config=config, results=results)
    config = {"epochs": 5, "seed": 42, "new": [1, 2]}
    results = [result(reproduced=0.95, **seeds), result("loss", 0.1), result("f1", split="train")]
    environment = {"python": "3.12.0", "keras": "3.15.1"}
    second = write_run(tmp_path, "2", config=config, results=results, environment=environment)
    return first, second


def printed(comparison):
    console = Console(file=io.StringIO(), width=110)
    show(comparison, console)
    return console.file.getvalue()


def test_what_differs_is_listed_and_figures_stand_side_by_side(two):
    comparison = compare(*two)
    settings = [("epochs", "3", "5"), ("old", "1", "–"), ("new", "–", "1, 2")]
    around = [("python", "3.11.7", "3.12.0")]
    assert comparison.changes == {"Settings": settings, "Circumstances": around}
    accuracy, f1, loss, *others = comparison.pairs
    assert [pair.entry.metric for pair in (accuracy, f1, loss)] == ["accuracy", "f1", "loss"]
    assert [pair.entry.table for pair in others] == ["train", "train", "a"]
    assert (accuracy.difference, accuracy.verdict) == (pytest.approx(0.05), "better")
    assert f1.second is loss.first is None
    assert (f1.difference, f1.verdict) == (None, "")
    text = printed(comparison)
    for part in ("epochs", "3.12.0", "0.9000", "0.9500", "+0.0500", "better", "toy/2"):
        assert part in text


def test_what_is_within_the_spread_of_the_seeds_is_neither_better_nor_worse(tmp_path):
    first = write_run(tmp_path, "a", results=[result(std=0.02, values=[0.88, 0.92])])
    for i, (share, std, verdict) in enumerate(
        ((0.91, 0.0, ""), (0.87, 0.01, "worse"), (0.87, 0.04, ""), (0.93, 0.0, "better"))
    ):
        found = result(reproduced=share, std=std, values=[share, share])
        other = write_run(tmp_path, str(i), results=[found])
        assert compare(first, other).pairs[0].verdict == verdict
    single = write_run(tmp_path, "b", results=[result(reproduced=0.1)])
    assert compare(first, single).pairs[0].verdict == compare(single, first).pairs[0].verdict == ""


def test_a_run_with_itself_differs_in_nothing(two):
    comparison = compare(two[0], two[0])
    assert comparison.changes == {"Settings": [], "Circumstances": []}
    assert {pair.difference for pair in comparison.pairs} == {0}
    assert "Settings: the same." in printed(comparison)


def test_runs_that_cannot_be_compared_say_so(two, tmp_path):
    sample = write_run(tmp_path, "c", data=SAMPLE)
    other = write_run(tmp_path, "d", "other")
    for first, second, said in (
        (two[0], sample, "do not compare"),
        (two[0], other, "different experiments"),
        (sample, sample, "SAMPLE ROWS"),
    ):
        comparison = compare(first, second)
        assert said in comparison.notice
        assert comparison.notice in " ".join(printed(comparison).split())
    assert compare(*two).notice == ""


def test_an_experiment_stands_for_its_latest_run_and_what_is_no_run_is_refused(two, tmp_path):
    home = two[0].parent
    assert compare(home, two[0]).first.folder == two[1]  # the newest, where there is no link
    (home / "latest").symlink_to(two[0].name)
    for named in (home, home / "latest"):
        assert compare(named, two[1]).first.folder == two[0]
    (two[0] / "metrics.json").write_text("{")
    for folder in (tmp_path / "none", two[0]):
        with pytest.raises(InputError, match="is no run that can be compared"):
            compare(two[1], folder)


def test_markup_is_text_and_the_page_never_takes_the_place_of_a_folder(tmp_path):
    evil = "[bold]<img src=x onerror=alert(1)>"
    results = [result(evil, model=evil)]
    runs = [write_run(tmp_path, f"{i}{evil}", evil, {evil: i}, results=results) for i in range(2)]
    comparison = compare(*runs)
    assert "[bold]<img" in printed(comparison)
    write_comparison(comparison, tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text()
    assert "<img" not in html
    assert "[bold]&lt;img" in html
    with pytest.raises(InputError, match="not the name of a page"):
        write_comparison(comparison, tmp_path / evil)
    assert runs[0].exists()


def test_a_folder_of_experiments_stands_for_the_same_experiments_run_there(tmp_path):
    mine, theirs = write_run(tmp_path / "runs", "1"), write_run(tmp_path / "reference", "2")
    write_run(tmp_path / "reference", "3", experiment="other")
    assert compare(mine, tmp_path / "reference").second.folder == theirs
    with pytest.raises(InputError, match="reference/unknown"):
        compare(write_run(tmp_path, "1", experiment="unknown"), tmp_path / "reference")
