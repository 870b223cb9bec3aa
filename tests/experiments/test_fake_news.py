import csv
import dataclasses
import itertools
import re

import keras
import keras_tuner as kt
import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from experiments import fake_news
from keras_suite.adapters.counts import parameter_counts
from keras_suite.cli import parse
from keras_suite.errors import InputError
from keras_suite.runs.run import open_run
from keras_suite.tasks.fake_news.tweets import clean_tweet
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

QUICK = dataclasses.replace(fake_news.PRESETS["quick"], data="sample")


@pytest.fixture(scope="module")
def tweets():
    return fake_news.load(QUICK)


@pytest.fixture(scope="module")
def quick_run(tmp_path_factory):
    output = tmp_path_factory.mktemp("runs")
    done = run("fake_news", *QUICK_SAMPLE, output=output)
    assert (done.returncode, done.stderr) == (0, "")
    return latest(output, "fake_news"), done.stdout


def test_validation_tweets_are_held_out_of_the_training_tweets(tweets):
    config = QUICK.of(2, fake_news.TUNED)
    rows = fake_news.split(config, tweets)
    assert [len(part) for part in rows.parts().values()] == [240, 60, 160]
    texts = [set(map(tuple, token_ids(part))) for part in (rows.train, rows.validation)]
    assert not texts[0] & texts[1]
    assert np.array_equal(rows.test.labels, tweets.validation.labels)
    other = fake_news.split(dataclasses.replace(config, seed=1), tweets)
    assert np.array_equal(other.train.encoded.input_ids, rows.train.encoded.input_ids)


def token_ids(rows):
    encoded = rows.encoded
    return np.split(encoded.input_ids, encoded.offsets[1:-1])


def test_tweets_are_cleaned_for_the_covid_encoder_alone_unless_asked(tweets):
    picks = np.arange(100)
    raw = tweets.train.texts[:100]
    cleaned = [clean_tweet(text) for text in raw]
    assert raw != cleaned

    def seen(model, **fields):
        config = dataclasses.replace(QUICK, **fields).of(model, fake_news.TUNED)
        return fake_news.texts_of(config, tweets.train, picks)

    assert seen(1) == seen(2) == raw
    assert seen(3) == seen(1, clean=(1,)) == cleaned
    assert seen(3, clean=()) == raw


@pytest.mark.parametrize("model", [1, 2])
def test_feature_based_only_the_head_trains_and_fine_tuned_everything(tweets, model):
    counts = {}
    for regime in (fake_news.FEATURES, fake_news.TUNED):
        config = QUICK.of(model, regime)
        built = fake_news.build(config, fake_news.split(config, tweets))
        counts[regime] = parameter_counts(built)
    head = 64 + 1 if model == 1 else 2 * 3 * 16 * (64 + 16 + 2) + 32 + 1
    assert counts[fake_news.FEATURES]["trainable"] == head
    tuned = counts[fake_news.TUNED]
    assert tuned["trainable"] == tuned["parameters"] == counts[fake_news.FEATURES]["parameters"]


def test_the_six_models_stand_beside_the_reported_six(quick_run):
    folder, out = quick_run
    assert out.startswith("SAMPLE DATA: ")
    metrics, history = read(folder)
    test = [row for row in metrics["results"] if row["split"] == "test"]
    names = {(row["model"], row["protocol"]) for row in test}
    assert names == {(f"model {i}", r) for i in (1, 2, 3) for r in ("feature-based", "fine-tuned")}
    assert len(history) == 6 * 2
    reported = {(r["model"], r["protocol"]): r["reported"] for r in test if r["metric"] == "f1"}
    assert reported["model 1", "feature-based"] == 0.87
    assert reported["model 3", "fine-tuned"] == 0.98
    for name in names:
        counts = {
            row["metric"]: row["reproduced"]
            for row in test
            if (row["model"], row["protocol"]) == name
        }
        assert sum(counts[each] for each in ("tp", "fp", "fn", "tn")) == 160
        assert counts["accuracy"] == pytest.approx((counts["tp"] + counts["tn"]) / 160)
    figures = {path.stem for path in (folder / "figures").iterdir()}
    assert figures == {"classes", "learning_curves", "confusion", "beside_reported"}


def test_every_mistake_is_listed_and_the_most_confident_are_shown(quick_run):
    folder, out = quick_run
    metrics, _ = read(folder)
    with (folder / "misclassified.csv").open(encoding="utf-8-sig", newline="") as file:
        mistakes = list(csv.DictReader(file))
    wrong = sum(
        row["reproduced"]
        for row in metrics["results"]
        if row["split"] == "test" and row["metric"] in ("fp", "fn")
    )
    assert len(mistakes) == wrong
    assert "The 3 most confident mistakes of each model" in out
    assert mistakes[0]["text"][:20] in out


def test_the_export_takes_token_ids_and_gives_what_the_saved_model_does(quick_run, tweets):
    folder, _ = quick_run
    exported = read(folder)[0]["exported"]
    number, regime = int(exported.split()[1].rstrip(",")), exported.split(", ")[1]
    config = QUICK.of(number, regime)
    rows = fake_news.split(config, tweets).test
    inputs = rows.inputs(np.arange(9))
    assert export_problem(folder) == ""
    served = tf.saved_model.load(str(folder / "serving" / "fake_news" / "1"))
    outputs = served.signatures["serving_default"](**{k: tf.constant(v) for k, v in inputs.items()})
    assert outputs["probability"].shape == (9,)
    model = keras.saving.load_model(folder / "model.keras")
    expected = model.predict(inputs, verbose=0)[:, 0]
    assert np.allclose(outputs["probability"], expected, rtol=0, atol=1e-6)
    (accuracy,) = (
        row["reproduced"]
        for row in read(folder)[0]["results"]
        if (row["model"], row["protocol"]) == (f"model {number}", regime)
        and (row["split"], row["metric"]) == ("test", "accuracy")
    )
    assert fake_news.accuracy(rows.labels, rows.predict(model)) == pytest.approx(accuracy)


def test_each_seed_counts_its_own_seconds_to_fill_the_cache(tmp_path):
    sizes = {"train_tweets": 32, "validation_tweets": 16, "test_tweets": 16, "epochs": 1}
    which = {"models": (1,), "regimes": (fake_news.FEATURES,), "repeats": 2}
    config = dataclasses.replace(QUICK, **sizes, **which)
    with open_run("fake_news", "quick", config, tmp_path, console=Console(quiet=True)) as run:
        fake_news.run(config, run)
    filled = [run.metrics["seconds"][f"cache model1-feature-based-seed{s}"] for s in (42, 43)]
    (cost,) = (r for r in run.metrics["results"] if r["metric"] == "seconds_to_fill_cache")
    assert cost["values"] == filled


def test_a_killed_run_goes_on_to_the_same_figures(tmp_path):
    sizes = {"--epochs": 3, "--train-tweets": 96, "--validation-tweets": 32, "--test-tweets": 32}
    flags = (*QUICK_SAMPLE, "--models", "1", *itertools.chain(*sizes.items()))
    assert run("fake_news", *flags, output=tmp_path / "a").returncode == 0
    kept = "state/model1-fine-tuned*.npz"
    run_until_killed("fake_news", *flags, output=tmp_path / "b", kept=kept)
    resumed = run("fake_news", *flags, "--resume", output=tmp_path / "b")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    folders = [latest(tmp_path / name, "fake_news") for name in "ab"]
    assert figures_of(folders[0]) == figures_of(folders[1])


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--models", "1", "1"], "--models must be of (1, 2, 3), each once, not (1, 1)"),
        (["--regimes"], "--models and --regimes must name some"),
        (["--learning-rate", "0"], "--learning-rate must be above 0, not 0.0"),
    ],
)
def test_fields_that_cannot_be_used_are_refused(flags, sentence):
    with pytest.raises(InputError, match=re.escape(sentence)):
        parse(fake_news, flags)


def test_too_few_tweets_to_hold_some_out_are_refused(tweets):
    config = dataclasses.replace(QUICK, validation_tweets=480).of(1, fake_news.TUNED)
    with pytest.raises(InputError, match="--validation-tweets 480 leaves none of the 480 tweets"):
        fake_news.split(config, tweets)


def test_an_encoder_that_is_not_there_is_one_sentence_and_leaves_no_folder(tmp_path):
    done = run("fake_news", *QUICK_SAMPLE, "--encoder", "nowhere/at-all", output=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "nowhere/at-all" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.glob("fake_news/*"))


def test_a_trial_tunes_the_head_on_stored_features(tmp_path, tweets):
    hypermodel = ExperimentHyperModel(fake_news, dataclasses.replace(QUICK, models=(2,)), tweets)
    hp = kt.HyperParameters()
    config = hypermodel.sample(hp)
    assert (config.models, config.regimes) == ((2,), (fake_news.FEATURES,))
    assert set(hp.values) == {"learning_rate", "batch_size", "units"}
    hp.values["tuner/epochs"] = 1
    (entry,) = hypermodel.fit(hp, hypermodel.build(hp), tmp_path / "state.npz", [])
    assert 0 <= entry["val_accuracy"] <= 1


@pytest.mark.real
def test_the_real_tweets_are_split_as_the_report_evaluates_them(real_data):
    config = fake_news.Config(
        encoder="tiny", data="real", data_dir=real_data / "covid_fake_news"
    ).of(1, fake_news.FEATURES)
    parts = fake_news.split(config, fake_news.load(config)).parts()
    assert {name: len(part) for name, part in parts.items()} == {
        "train": 5778,
        "validation": 642,
        "test": 2140,
    }
    assert parts["test"].labels.sum() == 1020
