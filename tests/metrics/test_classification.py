import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, log_loss

from keras_suite.metrics.classification import (
    best_f1_threshold,
    binary_report,
    logits_report,
    multiclass_report,
)

Y = np.array([0, 0, 0, 0, 1, 1, 1])
P = np.array([0.1, 0.2, 0.6, 0.3, 0.9, 0.55, 0.4])


def test_counts_and_rates_of_a_case_done_by_hand():
    report = binary_report(Y, P)
    assert (report["tn"], report["fp"], report["fn"], report["tp"]) == (3, 1, 1, 2)
    assert report["accuracy"] == pytest.approx(5 / 7)
    assert report["precision"] == pytest.approx(2 / 3)
    assert report["recall"] == pytest.approx(2 / 3)
    assert report["f1"] == pytest.approx(2 / 3)
    assert report["roc_auc"] == pytest.approx(10 / 12)
    assert report["pr_auc"] == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 3)


def test_a_probability_at_the_threshold_counts_as_positive():
    assert binary_report(Y, P, threshold=0.4)["tp"] == 3


def test_nothing_predicted_positive_has_precision_zero():
    report = binary_report(Y, P, threshold=1.0)
    assert report["precision"] == report["f1"] == 0


def test_several_classes_in_a_case_done_by_hand():
    y = np.array([0, 0, 1, 2])
    p = np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.5, 0.25], [0, 0, 1]], "float32")
    report = multiclass_report(y, p)
    assert report["accuracy"] == 3 / 4
    assert report["balanced_accuracy"] == pytest.approx((1 / 2 + 1 + 1) / 3)
    assert report["f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert report["loss"] == pytest.approx(-np.log(0.5 * 0.25 * 0.5 * 1) / 4)


scored = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 100)), min_size=2, max_size=40)


@settings(max_examples=30)
@given(scored.filter(lambda rows: len({label for label, _ in rows}) == 2))
def test_no_other_threshold_has_a_higher_f1(rows):
    y = np.array([label for label, _ in rows])
    p = np.array([score for _, score in rows]) / 100
    best = binary_report(y, p, best_f1_threshold(y, p))["f1"]
    assert all(binary_report(y, p, t)["f1"] <= best + 1e-9 for t in np.unique(p))


def test_logits_of_two_classes_are_measured_by_label_1():
    logits = np.log(np.stack([1 - P, P], axis=1))
    report, expected = logits_report(Y, logits), binary_report(Y, P, threshold=0.5)
    assert {k: report[k] for k in ("accuracy", "precision", "recall", "f1")} == {
        k: expected[k] for k in ("accuracy", "precision", "recall", "f1")
    }
    assert report["loss"] == pytest.approx(log_loss(Y, P))


def test_logits_of_more_classes_are_measured_by_the_mean_over_classes():
    rng = np.random.default_rng(0)
    y, logits = rng.integers(0, 3, 50), rng.normal(size=(50, 3))
    report = logits_report(y, logits)
    assert report["f1"] == pytest.approx(f1_score(y, logits.argmax(axis=1), average="macro"))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert report["loss"] == pytest.approx(log_loss(y, probabilities))


def test_a_label_that_is_never_predicted_has_figures_of_zero_and_no_warning():
    report = logits_report(np.array([0, 1]), np.array([[1.0, 0], [1, 0]]))
    assert (report["precision"], report["recall"], report["f1"]) == (0, 0, 0)
