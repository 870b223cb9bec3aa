import keras_tuner as kt
import numpy as np
import pytest
from keras_suite.experiments import fashion_mnist

from tests.experiments.processes import latest, read, run

QUICK = fashion_mnist.Config(data="sample")


def test_validation_is_the_last_fifth_of_the_training_images():
    images = fashion_mnist.load(QUICK)
    split = fashion_mnist.split(QUICK, images)
    assert [len(y) for _, y in split.parts().values()] == [1149, 288, 360]
    assert np.array_equal(np.concatenate([split.train[1], split.validation[1]]), images.train[1])
    assert split.test is images.test


def test_both_networks_are_measured_and_the_tuned_one_has_the_reports_parameters(quick_run):
    figures = quick_run.figures
    sizes = {model: figures[model, "cost", "parameters"] for model, *_ in figures}
    assert sizes == {"512, baseline": 407_050, "352, tuned": 279_850}
    assert quick_run.metrics["parameters"]["total"] == 279_850
    assert figures["352, tuned", "test", "accuracy"] > 0.85


@pytest.mark.real
def test_three_epochs_on_the_real_images_reach_the_known_accuracy(real_data, tmp_path):
    folder = real_data.parent / "tfds"
    done = run("fashion_mnist", "--preset", "quick", "--data-dir", folder, output=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    metrics, _ = read(latest(tmp_path, "fashion_mnist"))
    for entry in metrics["results"]:
        if (entry.get("split"), entry["metric"]) == ("test", "accuracy"):
            assert 0.85 < entry["reproduced"] < 0.89


def test_the_recipe_and_the_search_space_are_the_reports():
    config = fashion_mnist.Config()
    assert (int(60_000 * 0.8) / config.batch_size, config.epochs) == (375, 50)
    hp = kt.HyperParameters()
    fashion_mnist.search_space(hp, QUICK)
    neurons, rate = hp.space
    assert (neurons.min_value, neurons.max_value, neurons.step) == (16, 512, 16)
    assert 1e-3 in rate.values
