import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score, roc_auc_score

from keras_suite.metrics.classification import averages_report
from keras_suite.tasks.skin_lesions.bootstrap import bootstrap_intervals

RNG = np.random.default_rng(0)
Y = RNG.choice(4, 120, p=[0.6, 0.2, 0.1, 0.1])
P = (RNG.dirichlet(np.ones(4), 120) + 0.4 * np.eye(4)[Y]).round(1)  # rounded, for ties
P /= P.sum(axis=1, keepdims=True)


def naive(y, p, resamples, seed):
    """The same draws, one after the other, measured by scikit-learn."""
    rows = np.random.default_rng(seed).integers(len(y), size=(resamples, len(y)))
    figures = {"accuracy": [], "balanced_accuracy": [], "f1": [], "auc": []}
    for pick in rows:
        true, scores = y[pick], p[pick]
        guess, labels = scores.argmax(axis=1), np.unique(true)
        average = {"labels": labels, "average": "macro", "zero_division": 0}
        areas = [roc_auc_score(true == label, scores[:, label]) for label in labels]
        figures["accuracy"].append(accuracy_score(true, guess))
        figures["balanced_accuracy"].append(recall_score(true, guess, **average))
        figures["f1"].append(f1_score(true, guess, **average))
        figures["auc"].append(np.mean(areas))
    return {k: np.quantile(values, [0.025, 0.975]) for k, values in figures.items()}


def test_the_intervals_are_those_of_resampling_one_by_one():
    ours = bootstrap_intervals(Y, P, resamples=60, seed=3)
    expected = naive(Y, P, resamples=60, seed=3)
    assert list(ours) == list(expected)
    for name, interval in ours.items():
        assert interval == pytest.approx(expected[name]), name


def test_a_class_that_some_resamples_miss_is_left_out_of_their_means():
    y = np.array([0] * 15 + [1] * 14 + [2])
    p = P[: len(y)]
    ours, expected = bootstrap_intervals(y, p, resamples=60, seed=1), naive(y, p, 60, 1)
    for name, interval in ours.items():
        assert interval == pytest.approx(expected[name]), name


def test_the_figure_of_all_rows_lies_inside():
    figures = averages_report(Y, P)
    for name, (low, high) in bootstrap_intervals(Y, P).items():
        assert low < figures[name] < high


def test_the_seed_decides():
    assert bootstrap_intervals(Y, P, seed=1) == bootstrap_intervals(Y, P, seed=1)
    assert bootstrap_intervals(Y, P, seed=1) != bootstrap_intervals(Y, P, seed=2)


def test_the_interval_of_accuracy_is_about_that_of_a_normal_distribution():
    y = np.zeros(2000, int)
    p = np.where(np.arange(2000)[:, None] < 1400, [0.9, 0.1], [0.1, 0.9])
    low, high = bootstrap_intervals(y, p)["accuracy"]
    half = 1.96 * np.sqrt(0.7 * 0.3 / 2000)
    assert (low, high) == pytest.approx((0.7 - half, 0.7 + half), abs=0.003)


def test_what_is_always_right_has_no_width():
    assert set(bootstrap_intervals(Y, np.eye(4)[Y]).values()) == {(1.0, 1.0)}


def test_rows_of_one_class_have_no_auc():
    intervals = bootstrap_intervals(np.zeros(9, int), np.eye(3)[[0] * 5 + [1] * 4])
    assert set(intervals) == {"accuracy", "balanced_accuracy", "f1"}
