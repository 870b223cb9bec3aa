import dataclasses

import keras
import keras_tuner as kt
import numpy as np
import pytest
import tensorflow as tf

from experiments import cifar10
from keras_suite.adapters.counts import parameter_counts
from keras_suite.errors import InputError
from keras_suite.training.cached import cached
from keras_suite.training.fit import Fit, run_fit
from keras_suite.training.prefix import cut
from keras_suite.training.prefix_cache import PrefixCache
from tests.experiments.processes import QUICK_SAMPLE, export_problem, latest, read, run

QUICK = dataclasses.replace(cifar10.PRESETS["quick"], data="sample")


@pytest.fixture(scope="module")
def images():
    return cifar10.load(QUICK)


@pytest.fixture(scope="module")
def rows(images):
    return cifar10.split(QUICK, images)


def test_the_recipes_are_the_reports():
    recipes = {model: cifar10.Config().of_model(model) for model in cifar10.RECIPES}
    assert {m: (c.epochs, c.batch_size) for m, c in recipes.items()} == {
        "vgg19": (10, 64),
        "deit-base": (4, 64),
        "deit-small": (10, 512),
    }
    assert all(c.learning_rate == 1e-4 and c.image_size == 224 for c in recipes.values())
    assert cifar10.Config(epochs=3).of_model("vgg19").epochs == 3


def test_validation_is_the_last_tenth_of_the_training_images(images, rows):
    assert [len(part) for part in rows.parts().values()] == [288, 32, 100]
    assert np.array_equal(rows.validation.inputs, images.train[0][288:])
    assert rows.train.inputs.dtype == np.uint8


@pytest.mark.parametrize("model", list(cifar10.RECIPES))
def test_each_network_can_be_cached_up_to_its_last_block(model, rows):
    config = dataclasses.replace(QUICK, model=model).of_model(model)
    network = cifar10.build(config, rows)
    prefix, tail = cut(network)
    assert prefix.count_params() > tail.count_params() / 2
    assert {id(w) for w in tail.trainable_weights} == {id(w) for w in network.trainable_weights}


def test_deit_base_as_the_report_left_it_trains_its_embeddings_and_cannot_be_cached(rows):
    config = dataclasses.replace(QUICK, train_embeddings=True).of_model("deit-base")
    network = cifar10.build(config, rows)
    with pytest.raises(InputError, match="embeddings"):
        cut(network)
    frozen = cifar10.build(dataclasses.replace(config, train_embeddings=False), rows)
    embeddings = sum(np.prod(w.shape) for w in network.get_layer("embeddings").weights)
    counts = [parameter_counts(each)["trainable"] for each in (network, frozen)]
    assert counts[0] - counts[1] == embeddings


def test_a_cached_training_has_the_losses_of_one_without(rows, tmp_path):
    config = QUICK.of_model("vgg19")
    histories = []
    for is_cached in (False, True):
        network = cifar10.build(config, rows)
        trained, parts = network, [rows.train, rows.validation]
        if is_cached:
            trained, parts = cached(network, parts, PrefixCache(tmp_path))
            assert trained is not network
        histories.append(run_fit(Fit("vgg19", trained, *parts, 2, config.batch_size, seed=1)))
    for plain, other in zip(*histories, strict=True):
        for figure in ("loss", "val_loss", "accuracy", "val_accuracy"):
            assert other[figure] == pytest.approx(plain[figure], abs=1e-5)


def test_augmentation_changes_training_only_and_is_not_cached(rows):
    config = dataclasses.replace(QUICK, augment=True).of_model("deit-small")
    network = cifar10.build(config, rows)
    some = rows.train.inputs[:4]
    still = network(some, training=False)
    assert np.allclose(network.predict(some, verbose=0), still, atol=1e-6)
    assert not np.allclose(network(some, training=True), still, atol=1e-3)
    with pytest.raises(InputError, match="flip"):
        cut(network)


def test_the_search_space_is_sampled_for_one_network():
    hp = kt.HyperParameters()
    config = cifar10.search_space(hp, QUICK)
    assert config.model == "vgg19"
    assert set(hp.values) == {"learning_rate", "batch_size", "augment"}
    assert cifar10.search_space(hp, dataclasses.replace(QUICK, model="deit-small")).epochs == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"image_size": 0}, "--image-size must be at least 1"),
        ({"epochs": 0}, "--epochs must be at least 1"),
        ({"learning_rate": 0.0}, "--learning-rate must be above 0"),
        ({"weights": "file.h5"}, "is for one network: name it with --model"),
    ],
)
def test_bad_settings_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(cifar10.Config(), **changes)


def test_a_run_compares_networks_and_exports_images_of_any_size_to_probabilities(tmp_path, rows):
    done = run("cifar10", *QUICK_SAMPLE, "--model", "deit-small", output=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("SAMPLE DATA: 1,797 digits of scikit-learn")
    assert "deit-small: Storing what the frozen layers make of 320 rows" in done.stdout
    folder = latest(tmp_path, "cifar10")
    metrics, history = read(folder)
    figures = {(row["split"], row["metric"]): row["reproduced"] for row in metrics["results"]}
    assert figures["cost", "trainable"] == 1_782_164
    assert figures["cost", "seconds_to_fill_cache"] > 0
    assert len(history) == 2
    assert {path.stem for path in (folder / "figures").iterdir()} == {
        "classes",
        "confusion",
        "learning_curves",
        "most_confident_mistakes_deit-small",
        "samples",
    }
    model = keras.saving.load_model(folder / "model.keras", safe_mode=True)
    X, y = rows.test.inputs, rows.test.labels
    assert export_problem(folder) == ""
    served = tf.saved_model.load(str(folder / "serving" / "cifar10" / "1"))
    outputs = served.signatures["serving_default"](images=tf.constant(X))["probabilities"].numpy()
    assert np.abs(outputs - model.predict(X, verbose=0)).max() <= 1e-5
    assert (outputs.argmax(axis=1) == y).mean() == pytest.approx(figures["test", "accuracy"])
    larger = tf.image.resize(X[:2], (48, 40))
    larger = served.signatures["serving_default"](images=tf.cast(larger, tf.uint8))
    assert larger["probabilities"].shape == (2, 10)
