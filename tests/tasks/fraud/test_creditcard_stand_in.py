import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score
from threadpoolctl import threadpool_limits

from benchmarks.fit_stand_in import fit, halves
from keras_suite.tasks.fraud import creditcard, creditcard_stand_in

FEATURES = creditcard.FEATURES


def test_it_has_a_tenth_of_the_tables_rows_that_look_like_them_and_are_those_of_the_seed():
    frame = creditcard_stand_in.draw()
    assert list(frame.columns) == creditcard.COLUMNS
    assert len(frame) == 28_480
    assert frame["Class"].sum() == 49 == round(creditcard.FRAUDS / creditcard.ROWS * 28_480)
    assert np.isfinite(frame.to_numpy()).all()
    assert frame["Time"].is_monotonic_increasing
    assert frame["Time"].between(0, 172_792).all()
    assert (frame["Amount"] >= 0).all()
    assert np.allclose(frame["Amount"] * 100, (frame["Amount"] * 100).round())
    few, again, others = (creditcard_stand_in.draw(500, 9, seed) for seed in (0, 0, 1))
    assert few.equals(again)
    assert not few.equals(others)


def test_a_fit_to_drawn_rows_finds_their_quantiles_and_dependence_again():
    drawn = creditcard_stand_in.draw(rows=600, frauds=100)
    with threadpool_limits(1, "openmp"):  # which waits long where cores are busy
        kinds = fit(drawn)
    legal = drawn[drawn["Class"] == 0]
    middle = len(creditcard_stand_in.LEVELS) // 2
    for name in ("V1", "V14", "Amount"):
        fitted = kinds["legitimate"]["quantiles"][name][middle]
        assert fitted == pytest.approx(legal[name].median(), abs=1e-3 + 1e-3 * abs(fitted))
    ranks = legal[["V1", "V2"]].corr("spearman").iloc[0, 1]
    assert kinds["legitimate"]["correlation"][1][2] == pytest.approx(ranks, abs=0.1)


def pr_auc(train, test, **settings):
    model = HistGradientBoostingClassifier(random_state=0, **settings)
    model.fit(train[FEATURES], train["Class"])
    return average_precision_score(test["Class"], model.predict_proba(test[FEATURES])[:, 1])


@pytest.mark.real
@pytest.mark.parametrize("settings", [{}, {"class_weight": "balanced"}], ids=["plain", "balanced"])
def test_trained_on_it_trees_find_real_frauds_nearly_as_well_as_trained_on_real_rows(
    real_data, settings
):
    file = real_data / "creditcard" / "creditcard_real_subset_random_legit.csv.gz"
    real = creditcard.read(file).frame
    fitted, held_out = halves(real)
    from_real = pr_auc(fitted, held_out, **settings)
    stand_in = creditcard_stand_in.draw()
    assert abs(pr_auc(stand_in, held_out, **settings) - from_real) <= 0.10
    frauds = int(fitted["Class"].sum())
    for seed in range(3):  # with as many frauds to learn from as the real rows have
        as_many = creditcard_stand_in.draw(len(fitted), frauds, seed)
        assert abs(pr_auc(as_many, held_out, **settings) - from_real) <= 0.05
