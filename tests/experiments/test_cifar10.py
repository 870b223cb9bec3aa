import dataclasses

import keras_tuner as kt
import numpy as np
import pytest
import tensorflow as tf
from keras_suite.experiments import cifar10

from keras_suite.adapters.counts import parameter_counts
from keras_suite.errors import InputError
from keras_suite.training.prefix import cut
from tests.experiments.processes import quick

QUICK = quick(cifar10)


def of(model, **changes):
    """The quick preset of one network, as it is trained."""
    (variant,) = cifar10.variants(dataclasses.replace(QUICK, model=model, **changes))
    return variant.config


def test_the_recipes_are_the_reports():
    recipes = {each.model: each.config for each in cifar10.variants(cifar10.Config())}
    sizes = {"vgg19": (10, 64), "deit-base": (4, 64), "deit-small": (10, 512)}
    assert {m: (c.epochs, c.batch_size) for m, c in recipes.items()} == sizes
    assert all(c.learning_rate == 1e-4 and c.image_size == 224 for c in recipes.values())
    assert {each.config.epochs for each in cifar10.variants(cifar10.Config(epochs=3))} == {3}


def test_validation_is_the_last_tenth_of_the_training_images(data, rows):
    assert [len(part) for part in rows.parts().values()] == [144, 16, 60]
    assert np.array_equal(rows.validation.inputs, data.train[0][144:])
    assert rows.train.inputs.dtype == np.uint8


@pytest.mark.parametrize("model", list(cifar10.RECIPES))
def test_each_network_can_be_cached_up_to_its_last_block(model, rows):
    network = cifar10.build(of(model), rows)
    prefix, tail = cut(network)
    assert prefix.count_params() > tail.count_params() / 2
    assert {id(w) for w in tail.trainable_weights} == {id(w) for w in network.trainable_weights}


def test_deit_base_as_the_report_left_it_trains_its_embeddings_and_cannot_be_cached(rows):
    network = cifar10.build(of("deit-base", train_embeddings=True), rows)
    with pytest.raises(InputError, match="embeddings"):
        cut(network)
    frozen = cifar10.build(of("deit-base"), rows)
    embeddings = sum(np.prod(w.shape) for w in network.get_layer("deit.embeddings").weights)
    counts = [parameter_counts(each)["trainable"] for each in (network, frozen)]
    assert counts[0] - counts[1] == embeddings


def test_augmentation_changes_training_only_and_is_not_cached(rows):
    network = cifar10.build(of("deit-small", augment=True), rows)
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


def test_a_run_fills_a_cache_for_each_network_and_exports_images_of_any_size(quick_run, rows):
    figures = quick_run.figures
    assert "vgg19: Storing what the frozen layers make of 220 rows" in quick_run.out
    assert figures["deit-small", "cost", "trainable"] == 1_782_164
    for model in cifar10.RECIPES:
        assert figures[model, "cost", "seconds_to_fill_cache"] > 0
    larger = tf.image.resize(rows.test.inputs[:2], (48, 40))
    outputs = quick_run.predict(images=tf.cast(larger, tf.uint8))
    assert outputs["probabilities"].shape == (2, 10)
