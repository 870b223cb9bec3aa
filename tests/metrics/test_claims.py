import math

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from keras_suite.metrics.claims import Repeated, Verdict, both

NUMBERS = st.floats(-100, 100).map(lambda x: round(x, 3))
SEVERAL = st.lists(NUMBERS, min_size=3, max_size=6).map(tuple)


def figure(*values):
    return Repeated("f1", "A", values)


def test_the_interval_is_students():
    low, high = figure(1.0, 2.0, 3.0).interval()  # t of 2 degrees at 0.975 is 4.302653
    assert (low, high) == pytest.approx((2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5))
    assert figure(0.5, 0.5, 0.5).interval() == (0.5, 0.5)
    assert figure(0.5).interval() == (0.5, 0.5)


@given(SEVERAL, SEVERAL)
def test_seeds_that_share_no_rows_are_compared_as_welch_does(first, second):
    hypothesis.assume(len({*first}) > 1 and len({*second}) > 1)
    low, high = figure(*first).minus(figure(*second), paired=False).interval()
    theirs = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_pairs_are_compared_seed_by_seed():
    apart = figure(0.70, 0.80, 0.90).minus(Repeated("f1", "B", (0.60, 0.70, 0.80)))
    assert (apart.metric, apart.of) == ("f1", "A minus B")
    assert apart.interval() == pytest.approx((0.1, 0.1))
    assert figure(2.0, 4.0).over(figure(1.0, 2.0)).values == (2.0, 2.0)
    with pytest.raises(ValueError, match="zip"):
        figure(0.7, 0.8).minus(figure(0.6))


@pytest.mark.parametrize(
    ("values", "bounds", "answer"),
    [
        ((0.11, 0.12, 0.13), {"at_least": 0}, "holds"),
        ((-0.11, -0.12, -0.13), {"at_least": 0}, "does not hold"),
        ((-0.1, 0.1, 0.3), {"at_least": 0}, "undecided"),
        ((0.11, 0.12, 0.13), {"at_least": 0, "at_most": 0.5}, "holds"),
        ((0.11, 0.12, 0.13), {"at_least": 0.2, "at_most": 0.5}, "does not hold"),
        ((0.11, 0.12, 0.13), {"at_least": 0.12, "at_most": 0.5}, "undecided"),
        ((0.1, 0.1, 0.1), {"at_least": 0.1}, "holds"),
        ((0.11, 0.12), {"at_least": 0}, "undecided"),
        ((0.11,), {"at_least": 0}, "undecided"),
        ((0.11,), {"at_least": 0, "seeds": 1}, "holds"),
        ((-0.11,), {"at_least": 0, "seeds": 1}, "does not hold"),
        ((), {"at_least": 0}, "not testable here"),
        ((0.11, math.nan, 0.13), {"at_least": 0}, "undecided"),
    ],
)
def test_it_holds_where_the_whole_interval_does(values, bounds, answer):
    assert figure(*values).lies(**bounds).answer == answer


def test_why_is_said_in_figures():
    because = figure(0.11, 0.12, 0.13).lies(at_least=0, at_most=1).because
    assert because == "f1 of A: 0.09516 to 0.1448 by 3 seeds, claimed at least 0 and at most 1"
    assert figure(0.1).lies(at_least=0).because.endswith("claimed at least 0; it takes 3 seeds")
    missing = figure(0.1).minus(Repeated("f1", "B", ())).lies(at_least=0)
    assert missing.because == "f1 of B is not measured in this run"


@given(SEVERAL, NUMBERS)
def test_a_claim_and_its_contrary_never_both_hold(values, bound):
    above, below = figure(*values).lies(at_least=bound), figure(*values).lies(at_most=bound)
    if above.answer == below.answer == "holds":
        assert figure(*values).interval() == (bound, bound)
    if above.answer == "does not hold":
        assert below.answer == "holds"


def test_parts_hold_together_or_the_first_that_fails_says_why():
    holds, fails = Verdict("holds", "a"), Verdict("does not hold", "b")
    open_, missing = Verdict("undecided", "c"), Verdict("not testable here", "d")
    assert both(holds, Verdict("holds", "e")) == Verdict("holds", "a; e")
    assert both(holds, open_, missing, fails) == fails
    assert both(holds, open_, missing) == missing
    assert both(open_, holds) == open_
