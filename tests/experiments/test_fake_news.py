import csv
import dataclasses

import keras_tuner as kt
import numpy as np
import pytest
from keras_suite.experiments import fake_news
from rich.console import Console

from keras_suite import cli, experiment
from keras_suite.adapters.counts import parameter_counts
from keras_suite.errors import InputError
from keras_suite.runs.run import open_run
from keras_suite.tasks.fake_news import tweet_rows
from keras_suite.tasks.fake_news.tweets import clean_tweet
from tests.experiments.processes import QUICK_SAMPLE

QUICK = dataclasses.replace(fake_news.PRESETS["quick"], data="sample")


@pytest.fixture(scope="module")
def tweets():
    return fake_news.load(QUICK)


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


def test_tweets_are_cleaned_for_the_covid_encoder_alone_unless_asked(tweets, monkeypatch):
    seen = []
    encode = tweet_rows.encode
    monkeypatch.setattr(tweet_rows, "encode", lambda *a: seen.append(a[1][0]) or encode(*a))

    def training_texts(model, **fields):
        seen.clear()
        config = dataclasses.replace(QUICK, **fields).of(model, fake_news.TUNED)
        fake_news.split(config, tweets)
        return seen[0]

    raw = training_texts(1)
    cleaned = [clean_tweet(text) for text in raw]
    assert raw != cleaned
    assert training_texts(2) == training_texts(3, clean=()) == raw
    assert training_texts(3) == training_texts(1, clean=(1,)) == cleaned


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


def test_all_six_models_are_measured_by_counts_that_add_up(quick_run):
    figures = quick_run.figures
    names = {model for model, table, _ in figures if table == "test"}
    assert names == {f"model {i}, {r}" for i in (1, 2, 3) for r in ("feature-based", "fine-tuned")}
    for name in names:
        tp, fp, fn, tn = (figures[name, "test", each] for each in ("tp", "fp", "fn", "tn"))
        assert tp + fp + fn + tn == 160
        assert figures[name, "test", "accuracy"] == pytest.approx((tp + tn) / 160)


def test_every_mistake_is_listed_and_the_most_confident_are_shown(quick_run):
    with (quick_run.folder / "misclassified.csv").open(encoding="utf-8-sig", newline="") as file:
        mistakes = list(csv.DictReader(file))
    wrong = [v for (_, table, k), v in quick_run.figures.items()
             if table == "test" and k in ("fp", "fn")]  # fmt: skip
    assert len(mistakes) == sum(wrong)
    assert "The 3 most confident mistakes of each model" in quick_run.out
    assert mistakes[0]["text"][:20] in quick_run.out


def test_each_seed_counts_its_own_seconds_to_fill_the_cache(tmp_path):
    sizes = {"train_tweets": 32, "validation_tweets": 16, "test_tweets": 16, "epochs": 1}
    which = {"models": (1,), "regimes": (fake_news.FEATURES,), "repeats": 2}
    config = dataclasses.replace(QUICK, **sizes, **which)
    with open_run("fake_news", "quick", config, tmp_path, console=Console(quiet=True)) as run:
        experiment.run(fake_news, config, run)
    filled = [run.metrics["seconds"][f"cache model-1-feature-based-seed{s}"] for s in (42, 43)]
    (cost,) = (r for r in run.metrics["results"] if r["metric"] == "seconds_to_fill_cache")
    assert cost["values"] == filled


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--models", "1", "1"], "--models must name one or more, each once, not (1, 1)"),
        (["--regimes"], "--regimes must name one or more"),
        (["--encoder", "nowhere/at-all"], "nowhere/at-all"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_leaves_no_run(flags, sentence, tmp_path, capsys):
    output = "--output", str(tmp_path)
    assert cli.main(["run", "fake_news", *QUICK_SAMPLE, *flags, *output]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert sentence in err
    assert err.count("\n") == 1
    assert not list(tmp_path.glob("fake_news/*"))


def test_too_few_tweets_to_hold_some_out_are_refused(tweets):
    config = dataclasses.replace(QUICK, validation_tweets=480).of(1, fake_news.TUNED)
    with pytest.raises(InputError, match="--validation-tweets 480 leaves none of the 480 tweets"):
        fake_news.split(config, tweets)


def test_the_search_is_of_the_head_on_stored_features():
    hp = kt.HyperParameters()
    config = fake_news.search_space(hp, dataclasses.replace(QUICK, models=(2,)))
    assert (config.models, config.regimes) == ((2,), (fake_news.FEATURES,))
    assert set(hp.values) == {"learning_rate", "batch_size", "units"}


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
