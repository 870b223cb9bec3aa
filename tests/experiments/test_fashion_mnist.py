import dataclasses

import keras
import keras_tuner as kt
import numpy as np
import pytest
import tensorflow as tf

from experiments import fashion_mnist
from keras_suite.experiment import Objective
from tests.experiments.processes import QUICK_SAMPLE, export_problem, latest, read, run

QUICK = fashion_mnist.Config(data="sample")


@pytest.fixture(scope="module")
def images():
    return fashion_mnist.load(QUICK)


def test_validation_is_the_last_fifth_of_the_training_images(images):
    split = fashion_mnist.split(QUICK, images)
    assert [len(y) for _, y in split.parts().values()] == [1149, 288, 360]
    assert np.array_equal(np.concatenate([split.train[1], split.validation[1]]), images.train[1])
    assert split.test is images.test


def test_48000_images_make_the_reports_375_steps_an_epoch():
    config = fashion_mnist.Config()
    assert int(60_000 * 0.8) / config.batch_size == 375
    assert config.epochs == 50


def test_the_tuned_network_has_the_reports_parameters(images):
    model = fashion_mnist.build(QUICK, fashion_mnist.split(QUICK, images))
    assert model.count_params() == 279_850


def test_both_networks_are_trained_for_each_seed(images):
    variants = fashion_mnist.list_variants(dataclasses.replace(QUICK, repeats=2), images)
    assert [(each.model, each.network.count_params(), each.config.seed) for each in variants] == [
        ("512, baseline", 407_050, 42),
        ("352, tuned", 279_850, 42),
        ("512, baseline", 407_050, 43),
        ("352, tuned", 279_850, 43),
    ]


def test_bad_settings_are_refused():
    for change in ({"neurons": 0}, {"learning_rate": 0.0}, {"epochs": 0}):
        with pytest.raises(ValueError, match=next(iter(change)).replace("_", "-")):
            dataclasses.replace(QUICK, **change)


def test_a_run_measures_draws_and_exports_both_networks(tmp_path, images):
    done = run("fashion_mnist", *QUICK_SAMPLE, output=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("SAMPLE DATA: 1,797 digits of scikit-learn")
    folder = latest(tmp_path, "fashion_mnist")
    metrics, history = read(folder)
    assert metrics["parameters"]["total"] == 279_850
    assert {r["metric"] for r in metrics["results"]} >= {"accuracy", "loss", "f1"}
    assert len(history) == 2 * 3
    assert {path.stem for path in (folder / "figures").iterdir()} == {
        "confusion",
        "learning_curves",
        "most_confident_mistakes",
    }
    X, y = images.test
    assert export_problem(folder) == ""
    served = tf.saved_model.load(str(folder / "serving" / "fashion_mnist" / "1"))
    outputs = served.signatures["serving_default"](images=tf.constant(X))["probabilities"].numpy()
    model = keras.saving.load_model(folder / "model.keras", safe_mode=True)
    assert np.abs(outputs - model.predict(X, verbose=0)).max() <= 1e-6
    (accuracy,) = (
        r["reproduced"]
        for r in metrics["results"]
        if (r["model"], r["split"], r["metric"]) == ("352, tuned", "test", "accuracy")
    )
    assert (outputs.argmax(axis=1) == y).mean() == pytest.approx(accuracy)
    assert accuracy > 0.85


@pytest.mark.real
def test_three_epochs_on_the_real_images_reach_the_known_accuracy(real_data, tmp_path):
    folder = real_data.parent / "tfds"
    done = run("fashion_mnist", "--preset", "quick", "--data-dir", folder, output=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    metrics, _ = read(latest(tmp_path, "fashion_mnist"))
    for entry in metrics["results"]:
        if (entry["split"], entry["metric"]) == ("test", "accuracy"):
            assert 0.85 < entry["reproduced"] < 0.89


def test_the_search_space_is_the_reports():
    hp = kt.HyperParameters()
    fashion_mnist.search_space(hp, QUICK)
    neurons, rate = hp.space
    assert (neurons.min_value, neurons.max_value, neurons.step) == (16, 512, 16)
    assert 1e-3 in rate.values
    assert Objective("val_accuracy", "max") == fashion_mnist.OBJECTIVE
