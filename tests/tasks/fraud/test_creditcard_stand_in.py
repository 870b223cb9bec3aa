import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score
from threadpoolctl import threadpool_limits

from benchmarks.fit_stand_in import fit, halves
from keras_suite.tasks.fraud.creditcard import COLUMNS, FEATURES, FRAUDS, ROWS, read
from keras_suite.tasks.fraud.creditcard_stand_in import LEVELS, draw


def test_it_has_a_tenth_of_the_tables_rows_that_look_like_them_and_are_those_of_the_seed():
    frame = draw()
    assert list(frame.columns) == COLUMNS
    assert len(frame) == 28_480
    assert frame["Class"].sum() == 49 == round(FRAUDS / ROWS * 28_480)
    assert np.isfinite(frame.to_numpy()).all()
    assert frame["Time"].is_monotonic_increasing
    assert frame["Time"].between(0, 172_792).all()
    assert (frame["Amount"] >= 0).all()
    assert np.allclose(frame["Amount"] * 100, (frame["Amount"] * 100).round())
    few, again, others = (draw(500, 9, seed) for seed in (0, 0, 1))
    assert few.equals(again)
    assert not few.equals(others)


def test_a_fit_to_drawn_rows_finds_their_quantiles_and_dependence_again():
    drawn = draw(rows=600, frauds=100)
    with threadpool_limits(1, "openmp"):  # which waits long where cores are busy
        fitted = fit(drawn)["legitimate"]
    legal = drawn[drawn["Class"] == 0]
    for name in ("V1", "V14", "Amount"):
        middle = fitted["quantiles"][name][len(LEVELS) // 2]
        assert middle == pytest.approx(legal[name].median(), rel=1e-3, abs=1e-3)
    ranks = legal[["V1", "V2"]].corr("spearman").iloc[0, 1]
    assert fitted["correlation"][1][2] == pytest.approx(ranks, abs=0.1)


@pytest.mark.slow
@pytest.mark.real
def test_trained_on_it_trees_find_real_frauds_nearly_as_well_as_trained_on_real_rows(real_data):
    def pr_auc(train):
        model = HistGradientBoostingClassifier(random_state=0, class_weight="balanced")
        scores = model.fit(train[FEATURES], train["Class"]).predict_proba(held_out[FEATURES])
        return average_precision_score(held_out["Class"], scores[:, 1])

    file = real_data / "creditcard" / "creditcard_real_subset_random_legit.csv.gz"
    fitted, held_out = halves(read(file).frame)
    assert pr_auc(draw()) == pytest.approx(pr_auc(fitted), abs=0.10)
    frauds = int(fitted["Class"].sum())
    for seed in range(3):  # with as many frauds to learn from as the real rows have
        assert pr_auc(draw(len(fitted), frauds, seed)) == pytest.approx(pr_auc(fitted), abs=0.05)
