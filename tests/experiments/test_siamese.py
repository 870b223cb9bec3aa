import dataclasses

import keras
import keras_tuner as kt
import numpy as np
import pytest
import tensorflow as tf

from experiments import siamese
from keras_suite.errors import InputError
from keras_suite.tasks.siamese.retrieval import retrieval_report
from keras_suite.tasks.siamese.siamese import tower_of
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


def test_every_mining_is_trained_for_each_seed_and_starts_at_the_same_weights(images):
    variants = siamese.list_variants(dataclasses.replace(QUICK, repeats=2), images)
    assert [(each.model, each.protocol, each.config.seed) for each in variants] == [
        ("random", "paper", 42),
        ("semi-hard", "in batch", 42),
        ("hard", "in batch", 42),
        ("random", "paper", 43),
        ("semi-hard", "in batch", 43),
        ("hard", "in batch", 43),
    ]
    kernels = [tower_of(each.network).weights[0].numpy() for each in variants]
    assert np.array_equal(kernels[0], kernels[1])
    assert np.array_equal(kernels[0], kernels[2])
    assert not np.array_equal(kernels[0], kernels[3])
    assert len({each.fit.name for each in variants}) == 6


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"margin": 0.0}, "--margin must be above 0"),
        ({"epochs": 0}, "--epochs must be at least 1"),
        ({"classes_per_batch": 1}, "--classes-per-batch must be at least 2"),
        ({"classes_per_batch": 10}, "--batch-size 128 must be --classes-per-batch 10 times"),
        ({"batch_size": 8}, "the images of each, at least 2"),
        ({"tsne_images": 3}, "--tsne-images must be at least 10"),
    ],
)
def test_bad_settings_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(siamese.Config(), **changes)


def test_any_batch_size_will_do_for_random_triplets():
    assert siamese.Config(mining="random", batch_size=7).batch_size == 7


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


def test_batches_that_cannot_be_drawn_end_with_one_sentence_and_leave_no_run(tmp_path):
    done = run("siamese", *QUICK_SAMPLE, "--train-images", "200", output=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Batches of 8 classes and 16 rows of each cannot be drawn")
    assert done.stderr.count("\n") == 1
    assert not list((tmp_path / "siamese").iterdir())


def test_a_searched_config_builds_and_trains(images):
    few = dataclasses.replace(images, train=tuple(each[:600] for each in images.train))
    tuned = ExperimentHyperModel(siamese, QUICK, few)
    hp = tuned.space()
    assert set(hp.values) == {"mining", "margin", "embedding", "learning_rate"}
    hp.values |= {"mining": "semi-hard", "embedding": 16, "tuner/epochs": 1}
    tuned.config = dataclasses.replace(QUICK, batch_size=20, classes_per_batch=5)
    model = tuned.build(hp)
    assert model.output_shape == (None, 16)
    history = tuned.fit(hp, model, None, [])
    assert 0.3 < history[0]["val_recall_at_1"] <= 1


def test_a_search_keeps_to_the_mining_that_is_named():
    hp = kt.HyperParameters()
    assert siamese.search_space(hp, siamese.Config(mining="hard")).mining == "hard"
    assert "mining" not in hp.values


def test_a_run_measures_all_three_draws_and_exports_the_best_tower(tmp_path, images):
    done = run("siamese", *QUICK_SAMPLE, "--tsne-images", "100", output=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("SAMPLE DATA: 1,797 digits of scikit-learn")
    folder = latest(tmp_path, "siamese")
    metrics, history = read(folder)
    figures = {
        (row["model"], row["split"], row["metric"]): row["reproduced"] for row in metrics["results"]
    }
    assert {model for model, *_ in figures} == {"untrained", *siamese.MINING}
    for mining in ("random", "semi-hard"):
        assert figures[mining, "test", "recall_at_1"] > 0.85
        auc = figures[mining, "test", "verification_auc"]
        assert auc > figures["untrained", "test", "verification_auc"]
    assert figures["random", "cost", "images_per_step"] == 3 * 128
    assert len(history) == 3 * 2
    mined = [row for row in history if row["fit"].startswith("semi-hard")][-1]
    assert float(mined["zero_loss"]) == figures["semi-hard", "train", "zero_loss"]
    assert float(mined["zero_loss"]) < float(mined["zero_loss_of_all"])
    assert {path.stem for path in (folder / "figures").iterdir()} == {
        "learning_curves",
        "nearest_images",
        "tsne",
        "validation",
        "zero_loss",
    }

    X, y = images.test
    assert export_problem(folder) == ""
    served = tf.saved_model.load(str(folder / "serving" / "siamese" / "1"))
    vectors = served.signatures["serving_default"](images=tf.constant(X))["embeddings"].numpy()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    model = keras.saving.load_model(folder / "model.keras", safe_mode=True)
    assert np.abs(vectors - model.predict(X, verbose=0)).max() <= 1e-5
    best = metrics["exported"].partition(",")[0]
    assert metrics["parameters"]["total"] == model.count_params()
    for metric, value in retrieval_report(y, vectors).items():
        assert value == pytest.approx(figures[best, "test", metric], abs=0.003)


def test_a_killed_run_goes_on_to_the_same_figures_and_weights_to_the_bit(tmp_path):
    images = "--train-images 400 --test-images 100 --tsne-images 20"
    flags = f"{images} --mining semi-hard --batch-size 10 --classes-per-batch 5 --epochs 4".split()
    flags = (*QUICK_SAMPLE, *flags)
    assert run("siamese", *flags, output=tmp_path / "a").returncode == 0
    run_until_killed("siamese", *flags, output=tmp_path / "b")
    resumed = run("siamese", *flags, "--resume", output=tmp_path / "b")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    folders = [latest(tmp_path / name, "siamese") for name in ("a", "b")]
    assert figures_of(folders[0]) == figures_of(folders[1])
    models = [keras.saving.load_model(folder / "model.keras") for folder in folders]
    for first, second in zip(*(model.weights for model in models), strict=True):
        assert np.array_equal(first, second)
    for name in "tsne.png", "nearest_images.png":
        first, second = ((folder / "figures" / name).read_bytes() for folder in folders)
        assert first == second


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
        if (row["model"], row["split"], row["metric"]) == ("semi-hard", "test", "recall_at_1")
    )
    assert recall > 0.9
