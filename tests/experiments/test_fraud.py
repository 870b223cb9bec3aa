import dataclasses
import json
import os
import signal
import subprocess
import time

import keras
import keras_tuner as kt
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from experiments import fraud
from keras_suite.errors import InputError
from keras_suite.tasks.fraud.creditcard import FEATURES
from tests.experiments.processes import ROOT, command, export_problem, latest, read, run

SMALL = fraud.Config(data="sample", protocol="clean", rows=12_000)
FLAGS = ["--data", "sample", "--rows", "12000", "--epochs", "3"]


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
    again = fraud.resampled(SMALL, kept.train[0].astype("float64"), kept.train[1])
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


def test_a_part_without_a_fraud_is_refused(table):
    few = table.frame[table.frame["Class"] == 1][:1]
    legal = table.frame[table.frame["Class"] == 0][:50]
    frame = pd.concat([few, legal], ignore_index=True)
    with pytest.raises(InputError, match="part holds no fraud"):
        fraud.split(
            dataclasses.replace(SMALL, resample=False), dataclasses.replace(table, frame=frame)
        )


def test_too_many_neighbours_are_refused_with_what_to_do(table):
    with pytest.raises(InputError, match="lower k_neighbors"):
        fraud.split(dataclasses.replace(SMALL, k_neighbors=500), table)


def test_model_1_is_trained_once_whatever_the_protocol(table):
    def listed(**changes):
        variants = fraud.list_variants(dataclasses.replace(SMALL, **changes), table)
        return [(each.model[0], each.protocol, each.config.seed) for each in variants]

    assert listed(protocol="both") == [("1", "both", 42), ("2", "paper", 42), ("2", "clean", 42)]
    assert listed(protocol="paper") == [("1", "both", 42), ("2", "paper", 42)]
    assert listed(resample=False) == [("1", "both", 42)]
    assert listed(repeats=2) == [
        ("1", "both", 42),
        ("2", "clean", 42),
        ("1", "both", 43),
        ("2", "clean", 43),
    ]


def start(output, *flags) -> subprocess.Popen:
    return subprocess.Popen(
        command("fraud", *FLAGS, *flags, output=output),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process) -> str:
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    return out


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed")
    out = finish(start(output))
    return latest(output, "fraud"), out


def test_a_run_prints_and_writes_what_the_contract_names(undisturbed):
    folder, out = undisturbed
    metrics, history = read(folder)
    assert out.splitlines()[0].startswith("SAMPLE DATA")
    assert metrics["status"] == "done"
    assert metrics["data"]["kind"] == "sample"
    assert metrics["parameters"] == {"total": 33_570, "trainable": 33_378}
    assert len(history) == 9
    found = {(r["model"], r["protocol"], r["split"], r.get("decision")) for r in metrics["results"]}
    assert len(found) == 3 * (1 + 1 + 1 + 2)  # three parts; a tuned threshold for the sound two
    figures = {
        r["metric"]: r["reproduced"]
        for r in metrics["results"]
        if (r["model"], r["protocol"], r["split"]) == ("2, ADASYN", "clean", "test")
        and "decision" not in r
    }
    assert set(figures) == {
        "accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc", "tn", "fp", "fn", "tp",
    }  # fmt: skip
    assert figures["tn"] + figures["fp"] + figures["fn"] + figures["tp"] == 2400
    assert {path.name for path in (folder / "figures").iterdir()} == {
        "classes.png", "learning_curves.png", "confusion.png", "roc_precision_recall.png",
    }  # fmt: skip
    assert list((folder / "tensorboard").rglob("events*"))
    assert not (folder / "state").exists()


def test_the_saved_model_and_the_served_one_give_the_same_probabilities(undisturbed, table):
    folder, _ = undisturbed
    rows = table.frame[FEATURES].to_numpy("float32")[:500]
    model = keras.saving.load_model(folder / "model.keras", safe_mode=True)
    assert export_problem(folder) == ""
    served = tf.saved_model.load(str(folder / "serving" / "fraud" / "1"))
    outputs = served.signatures["serving_default"](features=tf.constant(rows))
    expected = model.predict(rows, verbose=0)[:, 1]
    assert np.abs(outputs["fraud_probability"].numpy() - expected).max() <= 1e-6


def test_a_killed_run_goes_on_to_the_same_weights_to_the_bit(undisturbed, tmp_path):
    process = start(tmp_path)
    wait_for_epochs(tmp_path, 3, process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    done = finished_epochs(tmp_path)
    out = finish(start(tmp_path, "--resume"))
    assert len(list((tmp_path / "fraud").glob("2*"))) == 1, out
    expected, history = read(undisturbed[0])
    resumed, resumed_history = read(latest(tmp_path, "fraud"))
    assert resumed["results"] == expected["results"]
    models = [
        keras.saving.load_model(folder / "model.keras")
        for folder in (undisturbed[0], latest(tmp_path, "fraud"))
    ]
    for one, other in zip(models[0].weights, models[1].weights, strict=True):
        assert np.array_equal(one, other)
    # The seconds of an epoch are those of its only run: finished epochs were not repeated.
    seconds = {(row["fit"], int(row["epoch"])): float(row["seconds"]) for row in resumed_history}
    assert len(done) >= 3
    assert {key: seconds[key] for key in done} == done
    for row in (*history, *resumed_history):
        row.pop("seconds")
    assert resumed_history == history


def finished_epochs(output) -> dict[tuple[str, int], float]:
    found = {}
    for file in output.glob("fraud/2*/state/[!.]*.npz"):
        with np.load(file) as state:
            for entry in json.loads(str(state["history"])):
                found[file.stem, entry["epoch"]] = entry["seconds"]
    return found


def wait_for_epochs(output, count, process):
    deadline = time.monotonic() + 120
    while len(finished_epochs(output)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_resuming_a_finished_run_only_shows_it(undisturbed):
    folder, out = undisturbed
    before = (folder / "metrics.json").read_bytes()
    again = finish(start(folder.parents[1], "--resume"))
    assert again.splitlines()[-1] == out.splitlines()[-1] == f"Run: {folder}"
    assert (folder / "metrics.json").read_bytes() == before


def test_ctrl_c_exits_with_130_and_says_how_to_go_on(tmp_path):
    process = start(tmp_path)
    wait_for_epochs(tmp_path, 1, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "Interrupted; the same command with --resume goes on.\n"
    metrics = json.loads((latest(tmp_path, "fraud") / "metrics.json").read_text())
    assert metrics["status"] == "interrupted"


def test_repeats_give_mean_and_standard_deviation(tmp_path):
    finish(start(tmp_path, "--repeats", "2", "--protocol", "clean", "--epochs", "1"))
    metrics, history = read(latest(tmp_path, "fraud"))
    entry = next(r for r in metrics["results"] if r["metric"] == "pr_auc" and r["split"] == "test")
    assert entry["reproduced"] == pytest.approx(np.mean(entry["values"]))
    assert entry["std"] == pytest.approx(np.std(entry["values"], ddof=1))
    assert {row["fit"][-6:] for row in history} == {"seed42", "seed43"}


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
        if r["model"] == "2, ADASYN" and r["split"] == "test" and "decision" not in r
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


def test_the_search_space_holds_valid_configs_of_the_clean_protocol_only():
    for seed in range(50):
        hp = kt.HyperParameters()
        fraud.search_space(hp, SMALL)
        for each in hp.space:
            hp.values[each.name] = each.random_sample(seed)
        config = fraud.search_space(hp, SMALL)
        assert (config.protocol, config.resample) == ("clean", True)
        assert config.filters[1] == 2 * config.filters[0]
        assert (config.rows, config.epochs) == (SMALL.rows, SMALL.epochs)
    assert len(hp.space) == 8


def test_the_objective_is_the_average_precision_of_fraud():
    labels, outputs = np.array([0, 1, 0, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [1, 0]])
    assert fraud.OBJECTIVE.direction == "max"
    assert fraud.OBJECTIVE.measure(labels, outputs) == pytest.approx(0.5 + 0.25)
