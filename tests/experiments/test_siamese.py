import dataclasses

import keras_tuner as kt
import numpy as np
import pytest
from keras_suite.experiments import siamese

from keras_suite.errors import InputError
from keras_suite.tasks.siamese.siamese import tower_of
from tests.experiments.processes import finished, quick

QUICK = quick(siamese)


def test_the_recipe_is_the_reports():
    config = siamese.PRESETS["paper"]
    assert (config.margin, config.batch_size, config.epochs) == (0.4, 128, 5)
    assert int(60_000 * 0.8) / config.batch_size == 375
    assert siamese.REPORTED == []
    assert siamese.Config(mining="random", batch_size=7).batch_size == 7  # no classes to draw


def test_validation_is_the_last_fifth_of_the_training_images(data):
    for mining in siamese.MINING:
        split = siamese.split(dataclasses.replace(QUICK, mining=mining), data)
        assert [len(part) for part in split.parts().values()] == [1149, 288, 360]
        labels = np.concatenate([split.train.labels, split.validation.labels])
        assert np.array_equal(labels, data.train[1])
        assert np.array_equal(split.test.images, data.test[0])


def test_every_mining_starts_at_the_same_weights_which_are_measured_too(data):
    first, *minings = siamese.variants(QUICK)
    assert (first.model, first.trains, first.is_candidate) == ("untrained", False, False)
    assert [each.model for each in minings] == list(siamese.MINING)
    kernels = []
    for each in (first, *minings):
        network = siamese.build(each.config, siamese.split(each.config, data))
        kernels.append(tower_of(network).weights[0].numpy())
    assert all(np.array_equal(kernels[0], other) for other in kernels)


@pytest.mark.parametrize("part", ["train", "test"])
def test_images_too_few_to_measure_by_are_refused_before_anything_is_trained(data, part):
    few = dataclasses.replace(data, **{part: tuple(each[:20] for each in getattr(data, part))})
    called = {"train": "4 validation images", "test": "20 test images"}[part]
    with pytest.raises(InputError, match=f"{called} are too few to measure embeddings"):
        siamese.split(dataclasses.replace(QUICK, mining="random"), few)


def test_a_search_keeps_to_the_mining_that_is_named():
    hp = kt.HyperParameters()
    assert siamese.search_space(hp, siamese.Config(mining="hard")).mining == "hard"
    assert "mining" not in hp.values


def test_embeddings_learn_have_length_1_and_the_mined_ones_are_those_of_the_history(
    quick_run, data
):
    figures, history = quick_run.figures, quick_run.history
    for mining in ("random", "semi-hard"):
        assert figures[mining, "test", "recall_at_1"] > 0.85
        auc = figures[mining, "test", "verification_auc"]
        assert auc > figures["untrained", "test", "verification_auc"]
    assert figures["random", "cost", "images_per_step"] == 3 * 128
    mined = [row for row in history if row["fit"].startswith("semi-hard")][-1]
    assert float(mined["zero_loss"]) == figures["semi-hard", "train", "zero_loss"]
    assert float(mined["zero_loss"]) < float(mined["zero_loss_of_all"])
    embeddings = quick_run.predict(images=data.test[0][:50])["embeddings"]
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


@pytest.mark.real
def test_two_epochs_on_few_real_images_bring_digits_together(real_data, tmp_path):
    flags = ("--preset", "quick", "--mining", "semi-hard", "--data-dir", real_data.parent / "tfds")
    figures, said = finished("siamese", *flags, output=tmp_path)
    assert said.startswith("Real data: 70,000 rows of mnist")
    assert figures["semi-hard", "test", "recall_at_1"] > 0.9
