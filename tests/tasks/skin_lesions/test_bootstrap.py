import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score, roc_auc_score

from keras_suite.tasks.skin_lesions.bootstrap import interval_ends

ENDS = "from", "to"
RNG = np.random.default_rng(0)
Y = RNG.choice(4, 120, p=[0.6, 0.2, 0.1, 0.1])
P = (RNG.dirichlet(np.ones(4), 120) + 0.4 * np.eye(4)[Y]).round(1)  # rounded, for ties
P /= P.sum(axis=1, keepdims=True)


def measure(y, p):
    """By scikit-learn, over the classes that have rows."""
    guess, labels = p.argmax(axis=1), np.unique(y)
    average = {"labels": labels, "average": "macro", "zero_division": 0}
    return {
        "accuracy": accuracy_score(y, guess),
        "balanced_accuracy": recall_score(y, guess, **average),
        "f1": f1_score(y, guess, **average),
        "auc": np.mean([roc_auc_score(y == label, p[:, label]) for label in labels]),
    }


@pytest.mark.parametrize("y", [Y, np.repeat([0, 1, 2], [15, 14, 1])], ids=["all", "one missed"])
def test_the_intervals_are_those_of_resampling_one_by_one(y):
    picks = np.random.default_rng(0).integers(len(y), size=(50, len(y)))
    ends = pd.DataFrame([measure(y[pick], P[pick]) for pick in picks]).quantile([0.025, 0.975])
    expected = {
        f"{name} {end}": v for name in ends for end, v in zip(ENDS, ends[name], strict=True)
    }
    assert interval_ends(y, P[: len(y)], resamples=50) == pytest.approx(expected)


def test_what_is_always_right_has_no_width_and_rows_of_one_class_have_no_auc():
    assert set(interval_ends(Y, np.eye(4)[Y], resamples=9).values()) == {1.0}
    ends = interval_ends(np.zeros(9, int), np.eye(3)[[0] * 5 + [1] * 4], resamples=9)
    names = "accuracy", "balanced_accuracy", "f1"
    assert list(ends) == [f"{name} {end}" for name in names for end in ENDS]
    assert ends["accuracy from"] < 5 / 9 < ends["accuracy to"]
