import math

import pytest

from keras_suite.runs.entry import read_entries
from tests.report.run_folders import result

SEEDS = {"std": 0.0, "values": [0.5, 0.5]}


def entries(*results):
    found, problems = read_entries(list(results))
    assert not problems
    return found


def entry(*arguments, **named):
    return entries(result(*arguments, **named))[0]


@pytest.mark.parametrize(
    ("metric", "reproduced", "reported", "more", "verdict"),
    [
        ("accuracy", 0.9, 0.86, SEEDS, "better"),
        ("accuracy", 0.8, 0.86, SEEDS, "worse"),
        ("loss", 0.2, 0.3, SEEDS, "better"),
        ("loss", 0.4, 0.3, SEEDS, "worse"),
        ("accuracy", 0.8649, 0.86, SEEDS, "same"),  # as far as is reported
        ("accuracy", 0.8651, 0.86, SEEDS, "better"),
        ("accuracy", 0.895, 0.8895, {"std": 0.006, "values": [0.89, 0.9]}, "within the spread"),
        ("accuracy", 0.9, 0.86, {"std": 0.03, "values": [0.85, 0.91, 0.94]}, "within the spread"),
        ("accuracy", 0.9, 0.86, {}, ""),  # of a single seed
        ("accuracy", 0.9, None, SEEDS, ""),
        ("accuracy", math.nan, 0.9, SEEDS, ""),
        ("accuracy", None, 0.9, SEEDS, ""),  # as strict JSON has NaN
        ("tp", 10, 12, SEEDS, ""),
        ("accuracy", 0.9, 0.8, SEEDS | {"direction": "min"}, "worse"),  # as the file has it
        ("accuracy", 0.9, 0.8, SEEDS | {"direction": None}, ""),
    ],
)
def test_the_verdict_goes_by_the_direction_and_what_is_reported(
    metric, reproduced, reported, more, verdict
):
    found = entry(metric, reproduced, reported, **more)
    assert found.verdict == verdict
    value = math.nan if reproduced is None else reproduced
    apart = None if reported is None else pytest.approx(value - reported, nan_ok=True)
    assert found.deviation == apart


@pytest.mark.parametrize(
    ("found", "texts"),
    [
        (entry("tp", 904.667, 905, std=0.577, values=[904, 905, 905]), "904.7 ±0.6 −0.3 905"),
        (entry("fp", 4.0, 4, std=2.6458, values=[1, 5, 6]), "4.0 ±2.6 0.0 4"),
        (entry("f1", 0.93517, 0.86, std=0.0049, values=[0.93]), "0.9352 ±0.0049 +0.0752 0.86"),
        (entry("f1", 0.9), "0.9000"),
    ],
)
def test_a_mean_its_spread_and_deviation_have_the_same_decimals(found, texts):
    written = found.text, found.std_text, found.deviation_text, found.reported_text
    assert " ".join(filter(None, written)) == texts


def test_tables_are_named_by_split_and_group_test_and_cost_first_as_in_older_runs():
    splits = [result(split=split) for split in ("train", "a", "test")]
    found = entries(*splits, result(split="", group="cost"), result(group="by class"))
    assert [each.table for each in found] == ["test", "cost", "train", "a", "test, by class"]
    older = {"model": "cnn", "protocol": "", "reported": None, "reproduced": 3}  # no direction
    split_and_metric = ("train, by class", "loss"), ("cost", "parameters")
    found = entries(*(older | {"split": s, "metric": m} for s, m in split_and_metric))
    told = [(each.table, each.direction, each.of) for each in found]
    assert told == [("cost", None, "cnn"), ("train, by class", "min", "cnn")]


BROKEN = {
    "model": [None], "decision": [3], "direction": [["max"]], "reported": ["0.9"], "std": [[]],
    "reproduced": ["0.9", True], "values": [3, [0.9, "x"]],
}  # fmt: skip


@pytest.mark.parametrize(
    "broken",
    [None, [], {}, *(result() | {name: each} for name, of in BROKEN.items() for each in of)],
)
def test_results_that_cannot_be_read_are_counted_and_left_out(broken):
    found, problems = read_entries([result(), broken])
    assert len(found) == 1
    assert problems == ["1 of 2 results cannot be read"]
