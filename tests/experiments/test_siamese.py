import dataclasses

import keras_tuner as kt
import numpy as np
import pytest
import tensorflow as tf
from keras_suite.experiments import siamese

from keras_suite import cli
from keras_suite.errors import InputError
from keras_suite.tasks.siamese.siamese import tower_of
from tests.experiments.processes import QUICK_SAMPLE, latest, read, run

QUICK = dataclasses.replace(siamese.PRESETS["quick"], data="sample")


@pytest.fixture(scope="module")
def images():
    return siamese.load(QUICK)


def test_the_recipe_is_the_reports():
    config = siamese.PRESETS["paper"]
    assert (config.margin, config.batch_size, config.epochs) == (0.4, 128, 5)
    assert int(60_000 * 0.8) / config.batch_size == 375
    assert siamese.REPORTED == []


def test_validation_is_the_last_fifth_of_the_training_images(images):
    for mining in siamese.MINING:
        split = siamese.split(dataclasses.replace(QUICK, mining=mining), images)
        assert [len(part) for part in split.parts().values()] == [1149, 288, 360]
        labels = np.concatenate([split.train.labels, split.validation.labels])
        assert np.array_equal(labels, images.train[1])
        assert np.array_equal(split.test.images, images.test[0])


def test_every_mining_starts_at_the_same_weights_which_are_measured_too(images):
    first, *minings = siamese.variants(QUICK)
    assert (first.model, first.trains, first.is_candidate) == ("untrained", False, False)
    assert [each.model for each in minings] == list(siamese.MINING)
    kernels = []
    for each in (first, *minings):
        network = siamese.build(each.config, siamese.split(each.config, images))
        kernels.append(tower_of(network).weights[0].numpy())
    assert all(np.array_equal(kernels[0], other) for other in kernels)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"classes_per_batch": 1}, "--classes-per-batch must be at least 2"),
        ({"classes_per_batch": 10}, "--batch-size 128 must be --classes-per-batch 10 times"),
        ({"batch_size": 8}, "the images of each, at least 2"),
        ({"tsne_images": 3}, "--tsne-images must be at least 10"),
    ],
)
def test_bad_settings_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(siamese.Config(), **changes)
    assert siamese.Config(mining="random", batch_size=7).batch_size == 7  # no classes to draw


def test_more_classes_a_batch_than_there_are_is_one_sentence(images):
    config = dataclasses.replace(QUICK, mining="hard", batch_size=24, classes_per_batch=12)
    with pytest.raises(InputError, match="Batches of 12 classes and 2 rows of each"):
        siamese.split(config, images)


@pytest.mark.parametrize("part", ["train", "test"])
def test_images_too_few_to_measure_by_are_refused_before_anything_is_trained(images, part):
    few = dataclasses.replace(images, **{part: tuple(each[:20] for each in getattr(images, part))})
    called = {"train": "4 validation images", "test": "20 test images"}[part]
    with pytest.raises(InputError, match=f"{called} are too few to measure embeddings"):
        siamese.split(dataclasses.replace(QUICK, mining="random"), few)


def test_batches_that_cannot_be_drawn_end_with_one_sentence_and_leave_no_run(tmp_path, capsys):
    flags = "--train-images", "200", "--output", str(tmp_path)
    assert cli.main(["run", "siamese", *QUICK_SAMPLE, *flags]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: Batches of 8 classes and 16 rows of each cannot be drawn")
    assert err.count("\n") == 1
    assert not list((tmp_path / "siamese").iterdir())


def test_a_search_keeps_to_the_mining_that_is_named():
    hp = kt.HyperParameters()
    assert siamese.search_space(hp, siamese.Config(mining="hard")).mining == "hard"
    assert "mining" not in hp.values


def test_embeddings_learn_and_the_mined_ones_are_those_of_the_history(quick_run):
    figures, history = quick_run.figures, quick_run.history
    for mining in ("random", "semi-hard"):
        assert figures[mining, "test", "recall_at_1"] > 0.85
        auc = figures[mining, "test", "verification_auc"]
        assert auc > figures["untrained", "test", "verification_auc"]
    assert figures["random", "cost", "images_per_step"] == 3 * 128
    mined = [row for row in history if row["fit"].startswith("semi-hard")][-1]
    assert float(mined["zero_loss"]) == figures["semi-hard", "train", "zero_loss"]
    assert float(mined["zero_loss"]) < float(mined["zero_loss_of_all"])


def test_the_export_gives_embeddings_of_length_1(quick_run, images):
    served = tf.saved_model.load(str(quick_run.folder / "serving" / "siamese" / "1"))
    outputs = served.signatures["serving_default"](images=tf.constant(images.test[0][:50]))
    assert np.allclose(np.linalg.norm(outputs["embeddings"], axis=1), 1, atol=1e-5)


@pytest.mark.real
def test_two_epochs_on_few_real_images_bring_digits_together(real_data, tmp_path):
    flags = ("--preset", "quick", "--mining", "semi-hard", "--data-dir", real_data.parent / "tfds")
    done = run("siamese", *flags, output=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Real data: 70,000 rows of mnist")
    metrics, _ = read(latest(tmp_path, "siamese"))
    (recall,) = (
        row["reproduced"]
        for row in metrics["results"]
        if (row["model"], row.get("split"), row["metric"]) == ("semi-hard", "test", "recall_at_1")
    )
    assert recall > 0.9
