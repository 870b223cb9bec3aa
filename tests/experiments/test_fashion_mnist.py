import keras_tuner as kt
import numpy as np
import pytest
from keras_suite.experiments import fashion_mnist

from tests.experiments.processes import finished

QUICK = fashion_mnist.Config(data="sample")


def test_validation_is_the_last_fifth_of_the_training_images(data, rows):
    assert [len(y) for _, y in rows.parts().values()] == [1149, 288, 360]
    assert np.array_equal(np.concatenate([rows.train[1], rows.validation[1]]), data.train[1])
    assert rows.test is data.test


def test_both_networks_are_measured_and_the_tuned_one_has_the_reports_parameters(quick_run):
    figures = quick_run.figures
    sizes = {model: figures[model, "cost", "parameters"] for model, *_ in figures}
    assert sizes == {"512, baseline": 407_050, "352, tuned": 279_850}
    assert quick_run.metrics["parameters"]["total"] == 279_850
    assert figures["352, tuned", "test", "accuracy"] > 0.85


@pytest.mark.real
def test_three_epochs_on_the_real_images_reach_the_known_accuracy(real_data, tmp_path):
    folder = real_data.parent / "tfds"
    flags = "--preset", "quick", "--data-dir", folder
    figures, _ = finished("fashion_mnist", *flags, output=tmp_path)
    for model in ("512, baseline", "352, tuned"):
        assert 0.85 < figures[model, "test", "accuracy"] < 0.89


def test_the_recipe_and_the_search_space_are_the_reports():
    config = fashion_mnist.Config()
    assert (int(60_000 * 0.8) / config.batch_size, config.epochs) == (375, 50)
    hp = kt.HyperParameters()
    fashion_mnist.search_space(hp, QUICK)
    neurons, rate = hp.space
    assert (neurons.min_value, neurons.max_value, neurons.step) == (16, 512, 16)
    assert 1e-3 in rate.values
