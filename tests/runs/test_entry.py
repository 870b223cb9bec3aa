import math

import pytest

from keras_suite.runs.entry import read_entries
from tests.report.run_folders import result


def entries(*results):
    found, problems = read_entries(list(results))
    assert not problems
    return found


def entry(*arguments, **named):
    return entries(result(*arguments, **named))[0]


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


def test_a_mean_its_spread_and_deviation_have_the_same_decimals():
    counts = entry("tp", 904.667, 905, std=0.577, values=[904, 905, 905])
    assert (counts.text, counts.std_text, counts.deviation_text) == ("904.7", "±0.6", "−0.3")
    few = entry("fp", 4.0, std=2.6458, values=[1, 5, 6])
    assert (few.text, few.std_text) == ("4.0", "±2.6")
    share = entry("f1", 0.93517, 0.86, std=0.0049, values=[0.93, 0.94])
    assert (share.text, share.std_text, share.deviation_text) == ("0.9352", "±0.0049", "+0.0752")
    assert (share.reported_text, entry("f1", 0.9).reported_text) == ("0.86", "")


def test_a_table_has_the_name_of_split_and_group():
    tables = [
        entry(split=split, group=group).table
        for split, group in (("test", "by class"), ("test", ""), ("", "cost"))
    ]
    assert tables == ["test, by class", "test", "cost"]


def test_older_runs_give_no_direction_and_name_groups_as_splits():
    older = {"model": "cnn", "protocol": "", "reported": None, "reproduced": 3}
    loss, count = entries(
        older | {"split": "train, by class", "metric": "loss"},
        older | {"split": "cost", "metric": "parameters"},
    )[::-1]
    assert (loss.table, loss.direction, loss.of) == ("train, by class", "min", "cnn")
    assert (count.table, count.direction) == ("cost", None)


def test_the_direction_of_the_file_holds():
    assert entry("accuracy", 0.9, 0.8, direction="min").verdict == "worse"
    assert entry("accuracy", 0.9, 0.8, direction=None).verdict == ""


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
        result() | {"direction": ["max"]},
        result() | {"values": 3},
        result() | {"values": [0.9, "x"]},
        result() | {"std": []},
    ],
)
def test_results_that_cannot_be_read_are_counted_and_left_out(broken):
    found, problems = read_entries([result(), broken])
    assert len(found) == 1
    assert problems == ["1 of 2 results cannot be read"]


def test_test_and_cost_are_read_first():
    found = entries(*(result(split=split) for split in ("train", "cost", "a", "test")))
    assert [each.table for each in found] == ["test", "cost", "train", "a"]
