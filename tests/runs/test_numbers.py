import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_suite.runs.numbers import (
    as_reported,
    counted,
    difference,
    duration,
    figure,
    is_number,
    plain,
    reported_decimals,
    usual_decimals,
)

ANY_NUMBER = st.one_of(st.integers(), st.floats()).filter(is_number)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (33570, "33,570"),
        (0.93517, "0.9352"),
        (82.936, "82.9"),
        (-0.05, "−0.0500"),
        (0.0, "0.0000"),
        (3e-6, "3e−06"),
        (10**20, "1e+20"),
        (math.nan, "not a number"),
        (-math.inf, "infinite"),
    ],
)
def test_figures_are_written_for_their_size(value, text):
    assert figure(value) == text


def test_a_reported_figure_keeps_the_decimals_of_its_source():
    assert [as_reported(each) for each in (0.86, 82.936, 15864586)] == [
        "0.86",
        "82.936",
        "15,864,586",
    ]
    assert [reported_decimals(each) for each in (0.86, 82.936, 0.9, 3.0, 7)] == [2, 3, 1, 0, 0]


def test_a_difference_has_a_sign_unless_it_is_none():
    assert [difference(each, 4) for each in (0.25, -0.25, 0.0, 3, 0.00002, 300.25)] == [
        "+0.2500",
        "−0.2500",
        "0.0000",
        "+3",
        "+2e−05",
        "+300.2",
    ]


def test_the_decimals_may_be_those_of_another_figure():
    assert [figure(each, 1) for each in (8.9629, 4, 0.00002)] == ["9.0", "4", "2e−05"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "0.25 s"),
        (37.71, "37.7 s"),
        (608, "10 min 8 s"),
        (59.99, "60 s"),
        (3599.7, "1 h 0 min"),
        (7500, "2 h 5 min"),
        (-1, "not known"),
        (math.nan, "not known"),
    ],
)
def test_times_are_written_for_a_person(seconds, text):
    assert duration(seconds) == text


def test_settings_are_written_for_a_person():
    assert plain([1, 2.50, "a"]) == "1, 2.5, a"
    assert plain({"a": True, "b": None}) == "a: yes, b: none"
    assert plain([]) == "none"


def test_what_is_counted_is_one_or_many():
    assert [counted(number, "run") for number in (0, 1, 1200)] == ["0 runs", "1 run", "1,200 runs"]


@given(ANY_NUMBER, ANY_NUMBER)
def test_any_number_can_be_written(value, other):
    for write in (figure, as_reported, duration, plain):
        assert write(value)
    for decimals in (1, usual_decimals(other)):
        assert figure(value, decimals)
        assert difference(value, decimals)


def test_what_is_no_number_is_told_apart():
    for value in (True, None, "3", [3], 10**400):
        assert not is_number(value)
