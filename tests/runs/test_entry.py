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


@pytest.mark.parametrize(
    ("metric", "reproduced", "reported", "more", "verdict"),
    [
        ("accuracy", 0.9, 0.86, {}, "better"),
        ("accuracy", 0.8, 0.86, {}, "worse"),
        ("loss", 0.2, 0.3, {}, "better"),
        ("loss", 0.4, 0.3, {}, "worse"),
        ("accuracy", 0.8649, 0.86, {}, "same"),  # as far as is reported
        ("accuracy", 0.8651, 0.86, {}, "better"),
        ("accuracy", 0.9, None, {}, ""),
        ("accuracy", math.nan, 0.9, {}, ""),
        ("tp", 10, 12, {}, ""),
        ("accuracy", 0.9, 0.8, {"direction": "min"}, "worse"),  # as the file has it
        ("accuracy", 0.9, 0.8, {"direction": None}, ""),
    ],
)
def test_the_verdict_goes_by_the_direction_and_what_is_reported(
    metric, reproduced, reported, more, verdict
):
    found = entry(metric, reproduced, reported, **more)
    assert found.verdict == verdict
    apart = None if reported is None else pytest.approx(reproduced - reported, nan_ok=True)
    assert found.deviation == apart


def test_a_mean_its_spread_and_deviation_have_the_same_decimals():
    counts = entry("tp", 904.667, 905, std=0.577, values=[904, 905, 905])
    assert (counts.text, counts.std_text, counts.deviation_text) == ("904.7", "±0.6", "−0.3")
    few = entry("fp", 4.0, std=2.6458, values=[1, 5, 6])
    assert (few.text, few.std_text) == ("4.0", "±2.6")
    share = entry("f1", 0.93517, 0.86, std=0.0049, values=[0.93, 0.94])
    assert (share.text, share.std_text, share.deviation_text) == ("0.9352", "±0.0049", "+0.0752")
    assert (share.reported_text, entry("f1", 0.9).reported_text) == ("0.86", "")


def test_test_and_cost_are_read_first_and_a_table_has_the_name_of_split_and_group():
    splits = [result(split=split) for split in ("train", "a", "test")]
    found = entries(*splits, result(split="", group="cost"), result(group="by class"))
    assert [each.table for each in found] == ["test", "cost", "train", "a", "test, by class"]


def test_older_runs_give_no_direction_and_name_groups_as_splits():
    older = {"model": "cnn", "protocol": "", "reported": None, "reproduced": 3}
    count, loss = entries(
        older | {"split": "train, by class", "metric": "loss"},
        older | {"split": "cost", "metric": "parameters"},
    )
    assert (loss.table, loss.direction, loss.of) == ("train, by class", "min", "cnn")
    assert (count.table, count.direction) == ("cost", None)


BROKEN = {
    "model": [None], "decision": [3], "direction": [["max"]], "reported": ["0.9"], "std": [[]],
    "reproduced": ["0.9", None, True], "values": [3, [0.9, "x"]],
}  # fmt: skip


@pytest.mark.parametrize(
    "broken",
    [None, [], {}, *(result() | {name: each} for name, of in BROKEN.items() for each in of)],
)
def test_results_that_cannot_be_read_are_counted_and_left_out(broken):
    found, problems = read_entries([result(), broken])
    assert len(found) == 1
    assert problems == ["1 of 2 results cannot be read"]
