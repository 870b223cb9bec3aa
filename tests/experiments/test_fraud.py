import dataclasses
import math
import signal
from types import SimpleNamespace

import keras_tuner as kt
import numpy as np
import pandas as pd
import pytest
from keras_suite.experiments import fraud

from keras_suite.errors import InputError
from keras_suite.sampling import ADASYN
from keras_suite.tasks.fraud.creditcard import FEATURES
from tests.experiments.processes import QUICK_SAMPLE, finished, read, stopped

QUICK = fraud.Config(data="sample", protocol="clean", rows=12_000)


def synthetic(table, part) -> int:
    """How many rows of a part are not rows of the table."""
    known = {row.tobytes() for row in table.frame[FEATURES].to_numpy("float32")}
    return sum(row.tobytes() not in known for row in part[0])


@pytest.mark.parametrize(
    ("protocol", "resample", "made"),
    [
        ("clean", False, [0, 0, 0]),
        ("clean", True, [1000, 0, 0]),
        ("paper", True, [1000, 1000, 1000]),  # or more
    ],
)
def test_synthetic_rows_leak_into_validation_and_test_under_the_papers_protocol_alone(
    data, protocol, resample, made
):
    split = fraud.split(dataclasses.replace(QUICK, protocol=protocol, resample=resample), data)
    assert [min(1000, synthetic(data, part)) for part in split.parts().values()] == made


def test_synthetic_frauds_come_from_training_frauds_alone(data, rows):
    """Resampling must not change with the rows of the other parts."""
    kept = fraud.split(dataclasses.replace(QUICK, resample=False), data)
    adasyn = ADASYN(QUICK.n_neighbors, QUICK.ratio, seed=QUICK.seed)
    again = adasyn.fit_resample(kept.train[0].astype("float64"), kept.train[1])
    frauds = [np.sort(X[y == 1], axis=0) for X, y in (rows.train, again)]
    assert np.allclose(*frauds, atol=1e-4)


def test_the_parts_are_disjoint_and_have_the_reports_sizes(data):
    split = fraud.split(dataclasses.replace(QUICK, resample=False), data)
    assert [len(y) for _, y in split.parts().values()] == [7200, 2400, 2400]
    rows = np.concatenate([X for X, _ in split.parts().values()])
    given = data.frame[FEATURES].to_numpy("float32")
    assert np.array_equal(np.unique(rows, axis=0), np.unique(given, axis=0))


def test_the_test_rows_of_the_real_table_are_as_many_as_the_reports():
    # 283,726 rows after de-duplication, of which scikit-learn's split takes a fifth, rounded up.
    figures = dict(fraud.REPORTED[0][1])
    counts = sum(figures[name] for name in ("tn", "fp", "fn", "tp"))
    assert counts == math.ceil(283_726 / 5) == 56_746


def test_the_scaler_saw_the_training_rows_only(rows):
    scaler = fraud.build(QUICK, rows).get_layer("scaler")
    X = rows.train[0].astype("float64")
    assert np.allclose(scaler.mean, X.mean(axis=0), atol=1e-4)
    assert np.allclose(scaler.variance, X.var(axis=0), rtol=1e-3)
    test = rows.test[0] + 1000, rows.test[1]
    shifted = dataclasses.replace(rows, test=test, validation=rows.test)
    again = fraud.build(QUICK, shifted).get_layer("scaler")
    assert np.array_equal(scaler.mean, again.mean)
    everything = np.concatenate([X, *(part[0] for part in (rows.validation, rows.test))])
    assert not np.allclose(scaler.mean, everything.mean(axis=0), atol=1e-3)


def test_exact_duplicates_are_dropped(tmp_path):
    frame = fraud.load(QUICK).frame.sort_values("Class")[-200:]  # with all frauds
    doubled = np.repeat(np.arange(200), 2)
    frame.iloc[doubled].to_csv(tmp_path / "creditcard.csv", index=False)
    assert len(fraud.load(fraud.Config(data_dir=tmp_path)).frame) == 200


def test_under_the_sound_protocol_no_row_is_on_both_sides_for_differing_in_time_alone(data):
    later = data.frame.assign(Time=data.frame["Time"] + 1)
    twice = dataclasses.replace(data, frame=pd.concat([data.frame, later]))
    plain = dataclasses.replace(QUICK, resample=False)
    sound = fraud.split(plain, twice)
    assert sound.leaks() == []
    assert [len(y) for _, y in sound.parts().values()] == [7200, 2400, 2400]
    papers = fraud.split(dataclasses.replace(plain, protocol="paper"), twice)
    assert len(papers.leaks()) == 2
    assert sum(len(y) for _, y in papers.parts().values()) == 24_000


def test_rows_that_cannot_be_used_are_one_sentence(data):
    frame = data.frame.sort_values("Class")[-400:]  # with all frauds
    few = dataclasses.replace(data, frame=frame[frame["Class"] == 0])
    with pytest.raises(InputError, match="A part of the rows holds no fraud"):
        fraud.split(dataclasses.replace(QUICK, resample=False), few)
    with pytest.raises(InputError, match="lower n_neighbors"):
        fraud.split(dataclasses.replace(QUICK, n_neighbors=500), data)


@pytest.mark.parametrize("rows", [1, 2, 5, 28_479])
def test_a_number_of_rows_that_cannot_be_drawn_or_split_is_one_sentence(rows):
    config = dataclasses.replace(QUICK, rows=rows)
    with pytest.raises(InputError, match=r"cannot be drawn .* choose more --rows|use more rows"):
        fraud.split(config, fraud.load(config))


def test_two_payments_that_are_the_same_to_a_model_are_too_few(data):
    same = data.frame[:1].assign(Class=0), data.frame[:1].assign(Class=1)
    with pytest.raises(InputError, match="use more rows"):
        fraud.split(QUICK, dataclasses.replace(data, frame=pd.concat(same)))


def test_model_1_is_trained_once_and_the_papers_model_is_no_candidate():
    def listed(**changes):
        variants = fraud.variants(dataclasses.replace(QUICK, **changes))
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
    assert sum(counts) == 2000
    assert figures["1, as is, both, tuned threshold", "test", "threshold"] > 0


@pytest.mark.slow
def test_ctrl_c_exits_with_130_and_says_how_to_go_on(tmp_path):
    flags = *QUICK_SAMPLE, "--protocol", "clean"
    folder, err = stopped("fraud", *flags, output=tmp_path, by=signal.SIGINT)
    assert err == "Interrupted; the same command with --resume goes on.\n"
    assert read(folder)[0]["status"] == "interrupted"


@pytest.mark.slow
@pytest.mark.real
def test_on_real_rows_the_sound_protocol_finds_frauds_and_the_papers_flatters(real_data, tmp_path):
    file = real_data / "creditcard" / "creditcard_real_subset_union.csv.gz"
    figures, said = finished("fraud", "--data-dir", file, "--epochs", "6", output=tmp_path)
    assert said.startswith(f"Real data: 15,131 rows of {file.name}.\n")
    assert figures["2, ADASYN, clean", "test", "pr_auc"] > 0.75
    paper, clean = (figures[f"2, ADASYN, {each}", "test", "f1"] for each in ("paper", "clean"))
    assert paper > clean + 0.05


def test_the_search_space_is_of_model_2_under_the_clean_protocol():
    hp = kt.HyperParameters()
    config = fraud.search_space(hp, QUICK)
    assert (config.protocol, config.resample) == ("clean", True)
    assert config.filters[1] == 2 * config.filters[0]
    assert (config.rows, config.epochs, len(hp.space)) == (QUICK.rows, QUICK.epochs, 8)


def test_the_objective_is_the_average_precision_of_fraud():
    labels, outputs = np.array([0, 1, 0, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [1, 0]])
    (measure,) = fraud.measures(None).values()
    assert measure(labels, outputs) == pytest.approx(0.5 + 0.25)


def test_the_tuned_threshold_is_the_best_on_validation_rows_and_not_on_those_of_the_test():
    labels = np.array([0, 0, 1, 1])
    fraud_of = {"train": [0, 0, 1, 1], "validation": [0.1, 0.2, 0.3, 0.9]}
    fraud_of["test"] = [0.5, 0.6, 0.7, 0.9]

    def predict(part):
        p = np.array(fraud_of[part])
        return labels, np.stack([1 - p, p], axis=1)

    trained = SimpleNamespace(predict=predict, variant=SimpleNamespace(protocol="clean"))
    tuned = [figures for what, figures in fraud.evaluate(trained) if "decision" in what]
    assert [figures["threshold"] for figures in tuned] == [pytest.approx(0.3)] * 3
    assert [figures["f1"] for figures in tuned] == pytest.approx([1, 1, 2 / 3])
