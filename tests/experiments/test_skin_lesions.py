import dataclasses

import keras
import keras_tuner as kt
import numpy as np
import pytest
import tensorflow as tf

from experiments import skin_lesions
from experiments.skin_lesions import BALANCE, CLASSES
from keras_suite.experiment import Objective
from keras_suite.tasks.skin_lesions import dermamnist
from tests.experiments.processes import (
    QUICK_SAMPLE,
    export_problem,
    figures_of,
    latest,
    read,
    run,
    run_until_killed,
)
from tuning.harness import ExperimentHyperModel

QUICK = dataclasses.replace(skin_lesions.PRESETS["quick"], data="sample")


@pytest.fixture(scope="module")
def lesions():
    return skin_lesions.load(QUICK)


def test_the_reported_figures_stand_with_the_part_that_has_as_many_images():
    sizes = {part: sum(counts) for part, counts in dermamnist.COUNTS.items()}
    assert sizes == {"train": 7007, "val": 1003, "test": 2005}
    reported = {what["split"]: figures for what, figures in skin_lesions.REPORTED}
    assert reported["test"]["accuracy"] == 0.71  # of the 2,005
    assert reported["validation"]["accuracy"] == 0.68  # of the 1,003
    for part in ("train", "validation", "test"):
        by_class = list(reported[f"{part}, by class"].values())
        assert np.mean(by_class) == pytest.approx(reported[part]["f1"], abs=0.01)


def test_the_remedies_differ_in_rows_and_augmentation_and_nothing_else(lesions):
    variants = skin_lesions.list_variants(dataclasses.replace(QUICK, repeats=2), lesions)
    assert [(each.model, each.config.seed) for each in variants] == [
        (remedy, seed) for seed in (42, 43) for remedy in BALANCE
    ]
    assert len({each.fit.steps for each in variants}) == 1
    assert len({each.network.count_params() for each in variants}) == 1
    assert {each.model: each.protocol for each in variants} == {
        "plain": "paper",
        **dict.fromkeys(["weights", "sampling", "augmentation", "combined"], "remedy"),
    }
    for each in variants[:5]:
        train = each.split.train
        assert np.array_equal(train.labels, lesions.split.train[1])
        assert (train.sampling, train.weighting) == {
            "weights": (0, 1), "sampling": (1, 0), "combined": (0.5, 0.5),
        }.get(each.model, (0, 0))  # fmt: skip
        names = [layer.name for layer in each.network.layers]
        assert ("augmentation" in names) == (each.model in ("augmentation", "combined"))


def test_only_so_many_training_images_are_used_and_all_others(lesions):
    rows = skin_lesions.split(dataclasses.replace(QUICK, remedy="plain", train_images=100), lesions)
    assert [len(part) for part in rows.parts().values()] == [
        100, len(lesions.split.validation[1]), len(lesions.split.test[1]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"epochs": 0}, "--epochs must be at least 1"),
        ({"resamples": 0}, "--resamples must be at least 1"),
        ({"train_images": -1}, "--train-images must be at least 0"),
        ({"learning_rate": 0.0}, "--learning-rate must be above 0"),
        ({"dropout": 1.0}, "--dropout must lie in"),
    ],
)
def test_bad_settings_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(QUICK, **changes)


def test_a_searched_config_builds_and_trains(lesions):
    tuned = ExperimentHyperModel(skin_lesions, QUICK, lesions)
    hp = tuned.space()
    assert isinstance(hp, kt.HyperParameters)
    assert set(hp.values) == {"dropout", "learning_rate", "batch_size"}
    assert tuned.sample(hp).remedy == "combined"
    hp.values |= {"tuner/epochs": 1}
    history = tuned.fit(hp, tuned.build(hp), None, [])
    assert Objective("val_balanced_accuracy", "max") == skin_lesions.OBJECTIVE
    assert 0 <= history[0]["val_balanced_accuracy"] <= 1


def epochs_of(folder):
    _, history = read(folder)
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in history]


def test_a_run_measures_draws_and_exports(tmp_path, lesions):
    done = run("skin_lesions", *QUICK_SAMPLE, output=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("SAMPLE DATA: 1,060 digits of scikit-learn")
    assert "recall vasc" in done.stdout
    folder = latest(tmp_path, "skin_lesions")
    metrics, history = read(folder)
    figures = {
        (row["model"], row["split"], row["metric"]): row["reproduced"] for row in metrics["results"]
    }
    assert len(history) == 5 * 2
    for remedy in BALANCE:
        recalls = [figures[remedy, "test, by class", f"recall {name}"] for name in CLASSES]
        assert figures[remedy, "test", "balanced_accuracy"] == pytest.approx(np.mean(recalls))
        last = [row for row in history if row["fit"].startswith(remedy)][-1]
        measured = figures[remedy, "validation", "balanced_accuracy"]
        assert float(last["val_balanced_accuracy"]) == pytest.approx(measured, abs=1e-6)
        low, high = (
            figures[remedy, "test, 95 % interval", f"accuracy {end}"] for end in ("from", "to")
        )
        assert low <= figures[remedy, "test", "accuracy"] <= high
    drawn = {path.stem for path in (folder / "figures").iterdir()}
    by_remedy = {f"{kind}_{remedy}" for kind in ("confusion", "roc") for remedy in BALANCE}
    assert drawn == by_remedy | {
        "classes", "samples", "learning_curves", "f1_by_class", "recall_by_class",
        "accuracy_misleads",
    }  # fmt: skip

    best = max(BALANCE, key=lambda each: figures[each, "validation", "balanced_accuracy"])
    assert metrics["exported"] == best
    X, y = lesions.split.test
    assert export_problem(folder) == ""
    served = tf.saved_model.load(str(folder / "serving" / "skin_lesions" / "1"))
    outputs = served.signatures["serving_default"](images=tf.constant(X))["probabilities"].numpy()
    model = keras.saving.load_model(folder / "model.keras", safe_mode=True)
    assert np.abs(outputs - model.predict(X, verbose=0)).max() <= 1e-6
    accuracy = figures[best, "test", "accuracy"]
    assert (outputs.argmax(axis=1) == y).mean() == pytest.approx(accuracy)


def test_a_killed_run_goes_on_to_the_same_figures(tmp_path):
    flags = (*QUICK_SAMPLE, "--remedy", "combined", "--epochs", "3")
    assert run("skin_lesions", *flags, output=tmp_path / "a").returncode == 0
    run_until_killed("skin_lesions", *flags, output=tmp_path / "b")
    resumed = run("skin_lesions", *flags, "--resume", output=tmp_path / "b")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    a, b = latest(tmp_path / "a", "skin_lesions"), latest(tmp_path / "b", "skin_lesions")
    assert figures_of(a) == figures_of(b)
    assert epochs_of(a) == epochs_of(b)


def test_a_class_without_test_images_is_named_and_no_figure_is_not_a_number(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {}
    for part, labels in {"train": 6, "val": 7, "test": 3}.items():  # 3 to 6 are not tested
        arrays[f"{part}_images"] = rng.integers(0, 256, (42, 28, 28, 3), dtype=np.uint8)
        arrays[f"{part}_labels"] = np.arange(42) % labels
    np.savez(tmp_path / "dermamnist.npz", **arrays)
    done = run(
        "skin_lesions",
        "--preset",
        "quick",
        "--data-dir",
        tmp_path,
        "--remedy",
        "weights",
        output=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Of train, no row is of class vasc, which has no precision" in done.stdout
    assert "Of test, no row is of class df, mel, nv, vasc, which has" in done.stdout
    assert "Of validation" not in done.stdout
    metrics, _ = read(latest(tmp_path, "skin_lesions"))
    tested = {row["metric"] for row in metrics["results"] if row["split"] == "test, by class"}
    assert {name.split()[1] for name in tested} == {"akiec", "bcc", "bkl"}
    assert np.isfinite([row["reproduced"] for row in metrics["results"]]).all()


def test_a_file_that_is_none_ends_with_one_sentence_and_leaves_no_run(tmp_path):
    (tmp_path / "dermamnist.npz").write_bytes(b"PK cut off")
    done = run("skin_lesions", "--data-dir", tmp_path, output=tmp_path / "runs")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "is damaged, cut off or no npz file" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list((tmp_path / "runs").glob("skin_lesions/*"))
