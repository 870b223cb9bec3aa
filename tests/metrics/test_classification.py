import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    classification_report,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
    roc_auc_score,
)

from keras_suite.metrics.classification import (
    averages_report,
    best_f1_threshold,
    binary_report,
    class_rates,
    class_report,
    figures_by_class,
    logits_report,
    multiclass_report,
    undefined_figures,
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


def test_a_probability_at_the_threshold_is_positive_and_without_any_precision_is_zero():
    assert binary_report(Y, P, threshold=0.4)["tp"] == 3
    none = binary_report(Y, P, threshold=1.0)
    assert none["precision"] == none["f1"] == 0


def test_several_classes_in_a_case_done_by_hand():
    y = np.array([0, 0, 1, 2])
    p = np.array([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.5, 0.25], [0, 0, 1]], "float32")
    report = multiclass_report(y, p)
    assert report["accuracy"] == 3 / 4
    assert report["balanced_accuracy"] == pytest.approx((1 / 2 + 1 + 1) / 3)
    assert report["f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert report["loss"] == pytest.approx(-np.log(0.5 * 0.25 * 0.5 * 1) / 4)


scored = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=2, max_size=15)


@settings(max_examples=15)
@given(scored.filter(lambda rows: len({label for label, _ in rows}) == 2))
def test_no_other_threshold_has_a_higher_f1(rows):
    y = np.array([label for label, _ in rows])
    p = np.array([score for _, score in rows]) / 20
    best = f1_score(y, p >= best_f1_threshold(y, p))
    assert all(f1_score(y, p >= threshold) <= best + 1e-9 for threshold in np.unique(p))


@pytest.mark.parametrize(("classes", "average"), [(2, "binary"), (3, "macro")])
def test_logits_are_measured_as_scikit_learn_does_by_label_1_or_by_means(classes, average):
    rng = np.random.default_rng(0)
    y, logits = rng.integers(0, classes, 50), rng.normal(size=(50, classes))
    report, predicted = logits_report(y, logits), logits.argmax(axis=1)
    rates = precision_recall_fscore_support(y, predicted, average=average)[:3]
    assert [report[name] for name in ("precision", "recall", "f1")] == pytest.approx(rates)
    assert report["accuracy"] == (predicted == y).mean()
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert report["loss"] == pytest.approx(log_loss(y, probabilities))


def test_a_label_that_is_never_predicted_has_figures_of_zero_and_no_warning():
    report = logits_report(np.array([0, 1]), np.array([[1.0, 0], [1, 0]]))
    assert (report["precision"], report["recall"], report["f1"]) == (0, 0, 0)


def unbalanced(rows=300):
    rng = np.random.default_rng(0)
    y = rng.choice(4, rows, p=[0.7, 0.15, 0.1, 0.05])
    p = rng.dirichlet(np.ones(4), rows) + 0.3 * np.eye(4)[y]
    return y, p / p.sum(axis=1, keepdims=True)


def test_each_class_and_the_averages_are_measured_as_scikit_learn_does():
    y, p = unbalanced()
    by_class, averages = class_report(y, p), averages_report(y, p)
    expected = classification_report(y, p.argmax(axis=1), output_dict=True)
    for name, key in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
        assert by_class[name] == pytest.approx([expected[str(i)][key] for i in range(4)])
    areas = roc_auc_score(y, p, multi_class="ovr", average=None)
    assert by_class["auc"] == pytest.approx(areas)
    macro = expected["macro avg"]
    assert averages == pytest.approx(
        {
            "accuracy": expected["accuracy"],
            "balanced_accuracy": macro["recall"],
            "precision": macro["precision"],
            "f1": macro["f1-score"],
            "auc": areas.mean(),
            "weighted_precision": expected["weighted avg"]["precision"],
            "weighted_f1": expected["weighted avg"]["f1-score"],
            "loss": log_loss(y, p),
        }
    )


def test_a_class_without_rows_has_no_figures_and_is_left_out_of_the_means():
    y, p = unbalanced()
    present = y != 3
    by_class = class_report(y[present], p[present])
    averages = averages_report(y[present], p[present])
    assert (p[present].argmax(axis=1) == 3).any()
    for values in by_class.values():
        assert np.isnan(values).tolist() == [False, False, False, True]
    assert averages["f1"] == pytest.approx(by_class["f1"][:3].mean())
    assert averages["auc"] == pytest.approx(by_class["auc"][:3].mean())
    assert np.isfinite(list(averages.values())).all()


def test_figures_by_class_carry_names_and_undefined_ones_are_missing():
    y, p = np.array([0, 0, 1]), np.eye(3)[[0, 1, 1]]
    by_class, figures = class_report(y, p), figures_by_class(y, p, ["a", "b", "c"])
    assert set(figures) == {f"{of} {name}" for of in by_class for name in "ab"}
    assert (figures["recall a"], figures["precision b"], figures["recall b"]) == (0.5, 0.5, 1)
    assert figures["auc a"] == by_class["auc"][0]


def test_what_rows_leave_undefined_is_said_in_a_sentence():
    assert undefined_figures(np.array([1, 0, 2]), ["a", "b", "c"]) == ""
    two = undefined_figures(np.array([1, 0]), ["a", "b", "c", "d"])
    assert two.startswith("no row is of class c, d, which has no precision")
    assert "no AUC at all" not in two
    assert undefined_figures(np.array([1, 1]), ["a", "b"]).endswith("there is no AUC at all.")


def test_rows_of_one_class_have_no_auc():
    y, p = np.zeros(3, int), np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    assert np.isnan(class_report(y, p)["auc"]).all()
    averages = averages_report(y, p)
    assert "auc" not in averages
    assert averages["balanced_accuracy"] == averages["accuracy"] == pytest.approx(2 / 3)


matrices = st.lists(st.integers(0, 5), min_size=9, max_size=9).map(lambda n: np.reshape(n, (3, 3)))


@settings(max_examples=30)
@given(st.lists(matrices, min_size=1, max_size=3))
def test_rates_of_many_matrices_are_those_of_each_and_f1_is_their_harmonic_mean(given_matrices):
    together = class_rates(np.stack(given_matrices))
    for i, matrix in enumerate(given_matrices):
        precision, recall, f1 = alone = class_rates(matrix)
        for all_of_them, one in zip(together, alone, strict=True):
            assert np.array_equal(all_of_them[i], one, equal_nan=True)
        assert np.array_equal(np.isnan(recall), matrix.sum(axis=1) == 0)
        harmonic = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
        assert f1 == pytest.approx(harmonic, nan_ok=True)
