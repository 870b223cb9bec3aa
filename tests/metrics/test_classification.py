import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from keras_suite.errors import InputError
from keras_suite.metrics import classification as ours

WEIGHTED = {"precision": "", "f1": "-score"}
Y = np.array([0, 0, 0, 0, 1, 1, 1])
RATES = "precision", "recall", "f1"
P = np.array([0.1, 0.2, 0.6, 0.3, 0.9, 0.55, 0.4])


def test_counts_and_rates_of_a_case_done_by_hand():
    report = ours.binary_report(Y, P)
    assert (report["tn"], report["fp"], report["fn"], report["tp"]) == (3, 1, 1, 2)
    assert report["accuracy"] == pytest.approx(5 / 7)
    assert [report[name] for name in RATES] == pytest.approx([2 / 3] * 3)
    assert report["roc_auc"] == pytest.approx(10 / 12)
    assert report["pr_auc"] == pytest.approx((1 / 1 + 2 / 3 + 3 / 4) / 3)
    # A probability at the threshold is positive; without any precision is 0.
    assert ours.binary_report(Y, P, threshold=0.4)["tp"] == 3
    none = ours.binary_report(Y, P, threshold=1.0)
    assert none["precision"] == none["f1"] == 0


scored = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=2, max_size=15)


@settings(max_examples=15)
@given(scored.filter(lambda rows: len({label for label, _ in rows}) == 2))
def test_no_other_threshold_has_a_higher_f1(rows):
    y = np.array([label for label, _ in rows])
    p = np.array([score for _, score in rows]) / 20
    best = sk.f1_score(y, p >= ours.best_f1_threshold(y, p))
    assert all(sk.f1_score(y, p >= threshold) <= best + 1e-9 for threshold in np.unique(p))


@pytest.mark.parametrize(("classes", "average"), [(2, "binary"), (3, "macro")])
def test_logits_are_measured_as_scikit_learn_does_and_without_any_warning(classes, average):
    rng = np.random.default_rng(0)
    y, logits = rng.integers(0, classes, 50), rng.normal(size=(50, classes))
    report, predicted = ours.logits_report(y, logits), logits.argmax(axis=1)
    rates = sk.precision_recall_fscore_support(y, predicted, average=average)[:3]
    assert [report[name] for name in RATES] == pytest.approx(rates)
    assert report["accuracy"] == (predicted == y).mean()
    assert report["loss"] == pytest.approx(sk.log_loss(y, scipy.special.softmax(logits, axis=1)))
    never = ours.logits_report(np.array([0, 1]), np.array([[1.0, 0], [1, 0]]))  # predicted
    assert [never[name] for name in RATES] == [0, 0, 0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(
    "report",
    [
        ours.logits_report,
        ours.multiclass_report,
        ours.class_report,
        ours.averages_report,
        ours.probability_report,
        lambda y, p: ours.binary_report(y, p[:, 1]),
        lambda y, p: ours.best_f1_threshold(y, p[:, 1]),
    ],
)
def test_no_figure_is_computed_from_what_is_no_number(report, value):
    outputs = np.full((len(Y), 2), 0.5)
    outputs[3] = value
    with pytest.raises(InputError, match="NaN or infinite"):
        report(Y, outputs)


def unbalanced(rows=300):
    rng = np.random.default_rng(0)
    y = rng.choice(4, rows, p=[0.7, 0.15, 0.1, 0.05])
    p = rng.dirichlet(np.ones(4), rows) + 0.3 * np.eye(4)[y]
    return y, p / p.sum(axis=1, keepdims=True)


def test_each_class_and_the_averages_are_measured_as_scikit_learn_does():
    y, p = unbalanced()
    by_class, averages = ours.class_report(y, p), ours.averages_report(y, p)
    expected = sk.classification_report(y, p.argmax(axis=1), output_dict=True)
    for name, key in zip(RATES, ("precision", "recall", "f1-score"), strict=True):
        assert by_class[name] == pytest.approx([expected[str(i)][key] for i in range(4)])
    areas = sk.roc_auc_score(y, p, multi_class="ovr", average=None)
    assert by_class["auc"] == pytest.approx(areas)
    macro, weighted = expected["macro avg"], expected["weighted avg"]
    means = {"precision": macro["precision"], "f1": macro["f1-score"], "auc": areas.mean()}
    means |= {"accuracy": expected["accuracy"], "balanced_accuracy": macro["recall"]}
    means |= {f"weighted_{name}": weighted[f"{name}{end}"] for name, end in WEIGHTED.items()}
    assert averages == pytest.approx(means | {"loss": sk.log_loss(y, p)})
    few = {name: averages[name] for name in ("accuracy", "balanced_accuracy", "f1", "loss")}
    assert ours.multiclass_report(y, p.astype("float32")) == pytest.approx(few, rel=1e-4)


def test_a_class_without_rows_has_no_figures_and_is_left_out_of_the_means():
    y, p = unbalanced()
    present = y != 3
    by_class = ours.class_report(y[present], p[present])
    averages = ours.averages_report(y[present], p[present])
    assert (p[present].argmax(axis=1) == 3).any()
    for values in by_class.values():
        assert np.isnan(values).tolist() == [False, False, False, True]
    assert averages["f1"] == pytest.approx(by_class["f1"][:3].mean())
    assert averages["auc"] == pytest.approx(by_class["auc"][:3].mean())
    assert np.isfinite(list(averages.values())).all()


def test_figures_by_class_carry_names_and_undefined_ones_are_missing():
    y, p = np.array([0, 0, 1]), np.eye(3)[[0, 1, 1]]
    by_class, figures = ours.class_report(y, p), ours.figures_by_class(y, p, ["a", "b", "c"])
    assert set(figures) == {f"{of} {name}" for of in by_class for name in "ab"}
    assert (figures["recall a"], figures["precision b"], figures["recall b"]) == (0.5, 0.5, 1)
    assert figures["auc a"] == by_class["auc"][0]


def test_what_rows_leave_undefined_is_said_in_a_sentence():
    assert ours.undefined_figures(np.array([1, 0, 2]), ["a", "b", "c"]) == ""
    two = ours.undefined_figures(np.array([1, 0]), ["a", "b", "c", "d"])
    assert two.startswith("no row is of class c, d, which has no precision")
    assert "no AUC at all" not in two
    assert ours.undefined_figures(np.array([1, 1]), ["a", "b"]).endswith("there is no AUC at all.")


def test_rows_of_one_class_have_no_auc():
    y, p = np.zeros(3, int), np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    assert np.isnan(ours.class_report(y, p)["auc"]).all()
    averages = ours.averages_report(y, p)
    assert "auc" not in averages
    assert averages["balanced_accuracy"] == averages["accuracy"] == pytest.approx(2 / 3)


matrices = st.lists(st.integers(0, 5), min_size=9, max_size=9).map(lambda n: np.reshape(n, (3, 3)))


@settings(max_examples=30)
@given(st.lists(matrices, min_size=1, max_size=3))
def test_rates_of_many_matrices_are_those_of_each_and_f1_is_their_harmonic_mean(given_matrices):
    together = ours.class_rates(np.stack(given_matrices))
    for i, matrix in enumerate(given_matrices):
        precision, recall, f1 = alone = ours.class_rates(matrix)
        for all_of_them, one in zip(together, alone, strict=True):
            assert np.array_equal(all_of_them[i], one, equal_nan=True)
        assert np.array_equal(np.isnan(recall), matrix.sum(axis=1) == 0)
        harmonic = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
        assert f1 == pytest.approx(harmonic, nan_ok=True)
