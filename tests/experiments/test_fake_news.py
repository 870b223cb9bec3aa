import csv
import dataclasses
import io

import keras_tuner as kt
import numpy as np
import pytest
from keras_suite.experiments import fake_news
from rich.console import Console

from keras_suite import experiment
from keras_suite.adapters.counts import parameter_counts
from keras_suite.runs.run import open_run
from keras_suite.tasks.fake_news import tweet_rows
from keras_suite.tasks.fake_news.tweets import clean_tweet
from keras_suite.training.prefix import cut
from keras_suite.training.prefix_cache import PrefixCache
from tests.experiments.processes import quick

QUICK = quick(fake_news)


def test_validation_tweets_are_held_out_of_the_training_tweets(data):
    config = QUICK.of(2, fake_news.TUNED)
    rows = fake_news.split(config, data)
    assert [len(part) for part in rows.parts().values()] == [160, 60, 100]
    texts = [set(map(tuple, token_ids(part))) for part in (rows.train, rows.validation)]
    assert not texts[0] & texts[1]
    assert np.array_equal(rows.test.labels, data.validation.labels[:100])
    other = fake_news.split(dataclasses.replace(config, seed=1), data)
    assert np.array_equal(other.train.encoded.input_ids, rows.train.encoded.input_ids)


def token_ids(rows):
    encoded = rows.encoded
    return np.split(encoded.input_ids, encoded.offsets[1:-1])


def test_tweets_are_cleaned_for_the_covid_encoder_alone_unless_asked(data, monkeypatch):
    seen = []
    encode = tweet_rows.encode
    monkeypatch.setattr(tweet_rows, "encode", lambda *a: seen.append(a[1][0]) or encode(*a))

    def training_texts(model, **fields):
        seen.clear()
        config = dataclasses.replace(QUICK, **fields).of(model, fake_news.TUNED)
        fake_news.split(config, data)
        return seen[0]

    raw = training_texts(1)
    cleaned = [clean_tweet(text) for text in raw]
    assert raw != cleaned
    assert training_texts(2) == training_texts(3, clean=()) == raw
    assert training_texts(3) == training_texts(1, clean=(1,)) == cleaned


@pytest.mark.parametrize("model", [1, 2])
def test_feature_based_only_the_head_trains_and_fine_tuned_everything(data, model):
    counts = {}
    for regime in (fake_news.FEATURES, fake_news.TUNED):
        config = QUICK.of(model, regime)
        built = fake_news.build(config, fake_news.split(config, data))
        counts[regime] = parameter_counts(built)
    head = 64 + 1 if model == 1 else 2 * 3 * 16 * (64 + 16 + 2) + 32 + 1
    assert counts[fake_news.FEATURES]["trainable"] == head
    tuned = counts[fake_news.TUNED]
    assert tuned["trainable"] == tuned["parameters"] == counts[fake_news.FEATURES]["parameters"]


def test_six_models_have_counts_that_add_up_and_their_mistakes_listed_and_shown(quick_run):
    figures = quick_run.figures
    names = {model for model, table, _ in figures if table == "test"}
    assert names == {f"model {i}, {r}" for i in (1, 2, 3) for r in ("feature-based", "fine-tuned")}
    wrong = 0
    for name in names:
        tp, fp, fn, tn = (figures[name, "test", each] for each in ("tp", "fp", "fn", "tn"))
        assert tp + fp + fn + tn == QUICK.test_tweets
        assert figures[name, "test", "accuracy"] == pytest.approx((tp + tn) / QUICK.test_tweets)
        wrong += fp + fn
    text = (quick_run.folder / "misclassified.csv").read_text(encoding="utf-8-sig")
    mistakes = list(csv.DictReader(io.StringIO(text)))
    assert len(mistakes) == wrong
    assert "The 3 most confident mistakes of each model" in quick_run.out
    assert mistakes[0]["text"][:20] in quick_run.out


def test_features_are_the_same_to_the_bit_whatever_was_stored_before_them(rows, tmp_path):
    def stored(*parts):
        prefix, _ = cut(fake_news.build(QUICK.of(1, fake_news.FEATURES), rows))
        given = [rows.parts()[part] for part in parts]
        return PrefixCache(tmp_path / parts[0]).rows(prefix, given)[-1].path.read_bytes()

    assert stored("test") == stored("train", "validation", "test")


def test_each_seed_counts_its_own_seconds_to_fill_the_cache(tmp_path):
    sizes = {"train_tweets": 32, "validation_tweets": 16, "test_tweets": 16, "epochs": 1}
    which = {"models": (1,), "regimes": (fake_news.FEATURES,), "repeats": 2}
    config = dataclasses.replace(QUICK, **sizes, **which)
    with open_run("fake_news", "quick", config, tmp_path, console=Console(quiet=True)) as run:
        experiment.run(fake_news, config, run)
    filled = [run.metrics["seconds"][f"cache model-1-feature-based-seed{s}"] for s in (42, 43)]
    (cost,) = (r for r in run.metrics["results"] if r["metric"] == "seconds_to_fill_cache")
    assert cost["values"][1] == filled[1]
    assert 0 < cost["values"][0] <= filled[0]  # it is read again to be exported


def test_the_search_is_of_the_head_on_stored_features():
    hp = kt.HyperParameters()
    config = fake_news.search_space(hp, dataclasses.replace(QUICK, models=(2,)))
    assert (config.models, config.regimes) == ((2,), (fake_news.FEATURES,))
    assert set(hp.values) == {"learning_rate", "batch_size", "units"}


@pytest.mark.real
def test_the_real_tweets_are_split_as_the_report_evaluates_them(real_data):
    at = {"data": "real", "data_dir": real_data / "covid_fake_news"}
    config = fake_news.Config(encoder="tiny", **at).of(1, fake_news.FEATURES)
    parts = fake_news.split(config, fake_news.load(config)).parts()
    assert [len(part) for part in parts.values()] == [5778, 642, 2140]
    assert parts["test"].labels.sum() == 1020
