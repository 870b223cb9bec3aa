import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.runs import numbers
from keras_suite.runs.numbers import counted, difference, figure, is_number

ANY_NUMBER = st.one_of(st.integers(), st.floats()).filter(is_number)
WRITTEN = {
    "figure": [
        (33570, "33,570"), (0.93517, "0.9352"), (82.936, "82.9"), (-0.05, "−0.0500"),
        (0.0, "0.0000"), (3e-6, "3e−06"), (10**20, "1e+20"), (math.nan, "not a number"),
        (-math.inf, "infinite"),
    ],
    "as_reported": [(0.86, "0.86"), (82.936, "82.936"), (15864586, "15,864,586")],
    "reported_decimals": [(0.86, 2), (82.936, 3), (0.9, 1), (3.0, 0), (7, 0)],
    "duration": [
        (37.71, "37.7 s"), (59.99, "60 s"), (60, "1 min 0 s"), (608, "10 min 8 s"),
        (3599.7, "1 h 0 min"), (7500, "2 h 5 min"), (-1, "not known"), (math.nan, "not known"),
    ],
    "plain": [
        ([1, 2.50, "a"], "1, 2.5, a"), ({"a": True, "b": None}, "a: yes, b: none"), ([], "none"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("write", WRITTEN)
def test_figures_times_and_settings_are_written_for_a_person(write):
    for value, text in WRITTEN[write]:
        assert getattr(numbers, write)(value) == text


def test_a_difference_has_a_sign_a_count_a_noun_and_decimals_may_be_given():
    found = [difference(each, 4) for each in (0.25, -0.25, 0.0, 3, 0.00002, 300.25)]
    assert found == ["+0.2500", "−0.2500", "0.0000", "+3", "+2e−05", "+300.2"]
    assert [figure(each, 1) for each in (8.9629, 4, 0.00002)] == ["9.0", "4", "2e−05"]
    assert [counted(number, "run") for number in (0, 1, 1200)] == ["0 runs", "1 run", "1,200 runs"]


@settings(max_examples=50)
@given(ANY_NUMBER, ANY_NUMBER)
def test_any_number_can_be_written(value, other):
    for write in ("figure", "as_reported", "duration", "plain"):
        assert getattr(numbers, write)(value)
    for decimals in (1, numbers.usual_decimals(other)):
        assert figure(value, decimals)
        assert difference(value, decimals)


def test_what_is_no_number_is_told_apart():
    assert not any(map(is_number, (True, None, "3", [3], 10**400)))
