import math

import pytest

from keras_suite.report.entries import direction, headline, in_reading_order, read_entries
from tests.report.run_folders import result


def entries(*results):
    found, problems = read_entries(list(results))
    assert not problems
    return found


def entry(*arguments, **named):
    return entries(result(*arguments, **named))[0]


@pytest.mark.parametrize(
    ("metric", "up"),
    [
        ("balanced_accuracy", 1),
        ("recall_at_1", 1),
        ("auc mel", 1),
        ("has_answer_exact_match", 1),
        ("loss", -1),
        ("peak_memory_mb", -1),
        ("seconds_per_epoch", -1),
        ("zero_loss", 0),
        ("parameters", 0),
        ("fp", 0),
    ],
)
def test_a_metric_is_better_one_way_or_neither(metric, up):
    assert direction(metric) == up


def test_the_deviation_says_whether_it_is_better_or_worse():
    higher, lower = entry("accuracy", 0.9, 0.86), entry("accuracy", 0.8, 0.86)
    assert higher.deviation == pytest.approx(0.04)
    assert (higher.verdict, lower.verdict) == ("better", "worse")
    assert entry("loss", 0.2, 0.3).verdict == "better"
    assert entry("loss", 0.4, 0.3).verdict == "worse"


def test_what_rounds_to_the_reported_figure_is_the_same():
    assert entry("accuracy", 0.8649, 0.86).verdict == "same"
    assert entry("accuracy", 0.8651, 0.86).verdict == "better"


def test_nothing_is_said_where_nothing_can_be():
    assert entry("accuracy", 0.9).verdict == ""
    assert entry("accuracy", 0.9).deviation is None
    assert entry("tp", 10, 12).verdict == ""
    assert entry("accuracy", math.nan, 0.9).verdict == ""


def test_a_count_that_no_seed_changes_is_that_count():
    same = entry("parameters", 7.0, std=0.0, values=[7, 7])
    assert (same.reproduced, same.std, same.values) == (7, None, ())
    assert entry("fp", 7.5, std=0.7, values=[7, 8]).is_mean_of_counts


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        {},
        result() | {"reproduced": "0.9"},
        result() | {"reproduced": None},
        result() | {"reproduced": True},
        result() | {"reported": "0.9"},
        result() | {"model": None},
        result() | {"decision": 3},
        result() | {"values": 3},
        result() | {"values": [0.9, "x"]},
        result() | {"std": []},
    ],
)
def test_results_that_cannot_be_read_are_counted_and_left_out(broken):
    found, problems = read_entries([result(), broken])
    assert len(found) == 1
    assert problems == ["1 of 2 results cannot be read"]


def test_the_headline_has_a_reported_figure_where_there_is_one():
    found = entries(result("f1", 0.8), result("accuracy", 0.9, 0.86), result("loss", 0.1, 0.2))
    assert headline(found, "cnn").metric == "accuracy"


def test_the_headline_is_of_the_exported_model():
    found = entries(
        result("f1", 0.8, 0.7),
        result("accuracy", 0.9, 0.8, model="other"),
        result("f1", 0.9, 0.8, model="other"),
    )
    assert headline(found, "other").key == ("test", "other", "paper", "", "f1")


def test_a_validation_figure_with_a_reported_one_goes_before_a_test_figure_without():
    found = entries(result(), result(reported=0.8, split="validation"), result("f1", split="train"))
    assert headline(found, "").split == "validation"
    assert headline([], "") is None


def test_test_and_cost_are_read_first():
    assert in_reading_order(["train", "cost", "train", "a", "test"]) == [
        "test",
        "cost",
        "train",
        "a",
    ]
