import dataclasses
import signal

import keras
import keras_tuner as kt
import numpy as np
import pytest
from keras_suite.experiments import fraud

from keras_suite.errors import InputError
from keras_suite.sampling import ADASYN
from keras_suite.tasks.fraud.creditcard import FEATURES
from tests.experiments.processes import QUICK_SAMPLE, latest, read, run, stopped

SMALL = fraud.Config(data="sample", protocol="clean", rows=12_000)


@pytest.fixture(scope="module")
def table():
    return fraud.load(SMALL)


def given_rows(table) -> set[bytes]:
    return {row.tobytes() for row in table.frame[FEATURES].to_numpy("float32")}


def synthetic(table, part) -> int:
    """How many rows of a part are not rows of the table."""
    known = given_rows(table)
    return sum(row.tobytes() not in known for row in part[0])


@pytest.mark.parametrize("resample", [False, True])
def test_no_synthetic_row_reaches_validation_or_test_under_the_clean_protocol(table, resample):
    split = fraud.split(dataclasses.replace(SMALL, resample=resample), table)
    assert synthetic(table, split.validation) == 0
    assert synthetic(table, split.test) == 0
    assert (synthetic(table, split.train) > 1000) == resample


def test_the_papers_protocol_leaks_synthetic_rows_into_the_test(table):
    split = fraud.split(dataclasses.replace(SMALL, protocol="paper"), table)
    assert synthetic(table, split.test) > 100
    assert synthetic(table, split.validation) > 100


def test_synthetic_frauds_come_from_training_frauds_alone(table):
    """Resampling must not change with the rows of the other parts."""
    split = fraud.split(SMALL, table)
    kept = fraud.split(dataclasses.replace(SMALL, resample=False), table)
    adasyn = ADASYN(SMALL.n_neighbors, SMALL.ratio, seed=SMALL.seed)
    again = adasyn.fit_resample(kept.train[0].astype("float64"), kept.train[1])
    frauds = [np.sort(X[y == 1], axis=0) for X, y in (split.train, again)]
    assert np.allclose(*frauds, atol=1e-4)


def test_the_parts_are_disjoint_and_have_the_reports_sizes(table):
    split = fraud.split(dataclasses.replace(SMALL, resample=False), table)
    assert [len(y) for _, y in split.parts().values()] == [7200, 2400, 2400]
    rows = [row.tobytes() for X, _ in split.parts().values() for row in X]
    assert len(rows) == 12_000
    assert set(rows) == given_rows(table)


def test_the_test_rows_of_the_real_table_are_as_many_as_the_reports():
    # 283,726 rows after de-duplication, of which scikit-learn's split takes a fifth, rounded up.
    from sklearn.model_selection import train_test_split

    _, test = train_test_split(np.arange(283_726), test_size=0.2, random_state=42)
    figures = dict(fraud.REPORTED[0][1])
    assert len(test) == sum(figures[name] for name in ("tn", "fp", "fn", "tp")) == 56_746


def test_the_scaler_saw_the_training_rows_only(table):
    split = fraud.split(SMALL, table)
    scaler = fraud.build(SMALL, split).get_layer("scaler")
    X = split.train[0].astype("float64")
    assert np.allclose(scaler.mean, X.mean(axis=0), atol=1e-4)
    assert np.allclose(scaler.variance, X.var(axis=0), rtol=1e-3)
    shifted = dataclasses.replace(
        split, test=(split.test[0] + 1000, split.test[1]), validation=split.test
    )
    again = fraud.build(SMALL, shifted).get_layer("scaler")
    assert np.array_equal(scaler.mean, again.mean)
    everything = np.concatenate([X, *(part[0] for part in (split.validation, split.test))])
    assert not np.allclose(scaler.mean, everything.mean(axis=0), atol=1e-3)


def test_exact_duplicates_are_dropped(tmp_path):
    frame = fraud.load(SMALL).frame.sort_values("Class")[-200:]  # with all frauds
    doubled = np.repeat(np.arange(200), 2)
    frame.iloc[doubled].to_csv(tmp_path / "creditcard.csv", index=False)
    assert len(fraud.load(fraud.Config(data_dir=tmp_path)).frame) == 200


def test_rows_that_cannot_be_used_are_one_sentence(table):
    frame = table.frame.sort_values("Class")[-400:]  # with all frauds
    few = dataclasses.replace(table, frame=frame[frame["Class"] == 0])
    with pytest.raises(InputError, match="A part of the rows holds no fraud"):
        fraud.split(dataclasses.replace(SMALL, resample=False), few)
    with pytest.raises(InputError, match="lower n_neighbors"):
        fraud.split(dataclasses.replace(SMALL, n_neighbors=500), table)


def test_model_1_is_trained_once_and_the_papers_model_is_no_candidate():
    def listed(**changes):
        variants = fraud.variants(dataclasses.replace(SMALL, **changes))
        return [(each.model[0], each.protocol, each.is_candidate) for each in variants]

    model_1, paper, clean = ("1", "both", True), ("2", "paper", False), ("2", "clean", True)
    assert listed(protocol="both") == [model_1, paper, clean]
    assert listed(protocol="paper") == [model_1, paper]
    assert listed(resample=False) == [model_1]


def test_a_run_measures_both_protocols_and_the_sound_models_at_a_tuned_threshold(quick_run):
    figures = quick_run.figures
    assert quick_run.metrics["parameters"] == {"total": 33_570, "trainable": 33_378}
    sound = ["1, as is, both", "2, ADASYN, clean"]
    names = {name for name, table, _ in figures if table == "test"}
    assert names == {*sound, "2, ADASYN, paper", *(f"{each}, tuned threshold" for each in sound)}
    counts = [figures["2, ADASYN, clean", "test", name] for name in ("tn", "fp", "fn", "tp")]
    assert sum(counts) == 4000
    assert figures["1, as is, both, tuned threshold", "test", "threshold"] > 0


@pytest.mark.slow
def test_ctrl_c_exits_with_130_and_says_how_to_go_on(tmp_path):
    flags = *QUICK_SAMPLE, "--protocol", "clean"
    folder, err = stopped("fraud", *flags, output=tmp_path, by=signal.SIGINT)
    assert err == "Interrupted; the same command with --resume goes on.\n"
    assert read(folder)[0]["status"] == "interrupted"


@pytest.mark.real
def test_on_real_rows_the_sound_protocol_finds_frauds_and_the_papers_flatters(real_data, tmp_path):
    file = real_data / "creditcard" / "creditcard_real_subset_union.csv.gz"
    done = run("fraud", "--data-dir", file, "--epochs", "6", output=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"Real data: 15,131 rows of {file.name}."
    metrics, _ = read(latest(tmp_path, "fraud"))
    assert metrics["data"]["kind"] == "real"
    found = {
        (r["protocol"], r["metric"]): r["reproduced"]
        for r in metrics["results"]
        if r["model"] == "2, ADASYN" and r.get("split") == "test" and "decision" not in r
    }
    assert found["clean", "pr_auc"] > 0.75
    assert found["paper", "f1"] > found["clean", "f1"] + 0.05


def test_the_loss_is_the_reports_binary_cross_entropy_over_both_outputs():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.001, 0.999, 200)
    outputs, labels = np.stack([1 - p, p], axis=1), rng.integers(0, 2, 200)
    reports = keras.losses.binary_crossentropy(keras.utils.to_categorical(labels, 2), outputs)
    ours = keras.losses.sparse_categorical_crossentropy(labels, outputs)
    assert np.allclose(ours, reports, rtol=1e-5)


def test_the_search_space_is_of_model_2_under_the_clean_protocol():
    hp = kt.HyperParameters()
    config = fraud.search_space(hp, SMALL)
    assert (config.protocol, config.resample) == ("clean", True)
    assert config.filters[1] == 2 * config.filters[0]
    assert (config.rows, config.epochs, len(hp.space)) == (SMALL.rows, SMALL.epochs, 8)


def test_the_objective_is_the_average_precision_of_fraud():
    labels, outputs = np.array([0, 1, 0, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [1, 0]])
    (measure,) = fraud.measures(None).values()
    assert measure(labels, outputs) == pytest.approx(0.5 + 0.25)
