"""What the prefix cache does for texts; tests of the cache itself are in test_prefix_cache.py."""

from itertools import islice

import keras
import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.models.encoders import random_encoder
from keras_suite.tasks.fake_news.tweet_classifier import tweet_classifier
from keras_suite.training.cached import cached
from keras_suite.training.fit import Fit, run_fit
from keras_suite.training.prefix import cut
from keras_suite.training.prefix_cache import PrefixCache
from tests.training.fits import StopAt, make_text_rows, same_to_the_bit, without_seconds

TRAIN, VALIDATION = make_text_rows(40), make_text_rows(13, seed=1)


def make_model(head, frozen=True):
    keras.utils.set_random_seed(3)
    encoder = random_encoder(50, seed=0, tokens=True)
    if frozen:
        encoder.freeze()
    model = tweet_classifier(encoder, head, units=8)
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return model


def make_fit(model, train, validation, epochs=3):
    measures = {"val_mean": lambda labels, outputs: float(outputs.mean())}
    return Fit("fit", model, train, validation, epochs, batch_size=6, seed=5, measures=measures)


def make_stored_fit(head, folder, **options):
    return make_fit(*unpacked(*cached(make_model(head), [TRAIN, VALIDATION], PrefixCache(folder))))


def unpacked(model, parts):
    return model, *parts


def run(fit):
    losses = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: losses.append(logs["loss"])
    )
    return losses, run_fit(fit, callbacks=[note])


@pytest.mark.parametrize("head", ["cls", "gru"])
def test_training_a_head_on_stored_features_is_training_the_model(head, tmp_path):
    whole, model = make_model(head), make_model(head)
    losses, history = run(make_fit(whole, TRAIN, VALIDATION))
    tail, parts = cached(model, [TRAIN, VALIDATION], PrefixCache(tmp_path))
    assert tail is not model
    tail_losses, tail_history = run(make_fit(tail, *parts))
    assert len(losses) == 3 * 7
    assert np.allclose(tail_losses, losses, rtol=0, atol=1e-5)
    for name in ("loss", "accuracy", "val_mean"):
        figures = [[entry[name] for entry in each] for each in (history, tail_history)]
        assert np.allclose(*figures, rtol=0, atol=1e-5)
    for weight, other in zip(model.weights, whole.weights, strict=True):
        assert np.allclose(weight, other, rtol=0, atol=1e-4)
    outputs = VALIDATION.predict(model)
    assert np.allclose(parts[1].predict(tail), outputs, atol=1e-5)
    assert history[-1]["loss"] < history[0]["loss"]  # there was something to learn


def test_stored_features_come_in_the_batches_of_their_texts(tmp_path):
    prefix, _ = cut(make_model("gru"))
    (stored,) = PrefixCache(tmp_path).rows(prefix, [TRAIN])
    pairs = zip(TRAIN.stream(6, 1, 3), stored.stream(6, 1, 3), strict=True)
    for (inputs, labels), (features, same_labels) in islice(pairs, 11):
        assert np.array_equal(labels, same_labels)
        assert np.array_equal(inputs["attention_mask"], features["attention_mask"])
        is_token = inputs["attention_mask"][..., None].astype(bool)
        expected = prefix.predict_on_batch(inputs)
        assert np.allclose(features["features"], np.where(is_token, expected, 0), atol=1e-5)


def test_a_fit_on_stored_features_goes_on_to_the_same_weights_to_the_bit(tmp_path):
    undisturbed, stopped, resumed = (make_stored_fit("gru", tmp_path) for _ in range(3))
    expected = run_fit(undisturbed)
    with pytest.raises(KeyboardInterrupt):
        run_fit(stopped, tmp_path / "state.npz", [StopAt(1, 4)])
    history = run_fit(resumed, tmp_path / "state.npz")
    assert same_to_the_bit(undisturbed, resumed)
    assert without_seconds(history) == without_seconds(expected)


def test_token_ids_and_encoder_decide_the_file_and_the_head_does_not(tmp_path):
    def path(model, rows=TRAIN):
        prefix, _ = cut(model)
        return PrefixCache(tmp_path).rows(prefix, [rows])[0].path

    other_head, other_encoder = make_model("gru"), make_model("gru")
    other_head.get_layer("head").bias.assign([1.0])
    weight = other_encoder.get_layer("bert").weights[0]
    weight.assign(weight + 1)
    paths = [path(make_model("gru")), path(other_encoder), path(make_model("cls"))]
    assert len({*paths, path(make_model("gru"), make_text_rows(40, seed=2))}) == 4
    assert path(other_head) == paths[0]


def test_float16_halves_the_space(tmp_path):
    sizes = []
    for dtype in ("float32", "float16"):
        tail, parts = cached(make_model("gru"), [TRAIN], PrefixCache(tmp_path, dtype))
        sizes.append(parts[0].path.stat().st_size - 128)  # numpy's header
        run_fit(make_fit(tail, *parts, VALIDATION, epochs=0))
    assert sizes[0] == 2 * sizes[1]


def test_an_encoder_that_trains_or_drops_out_is_not_stored(tmp_path):
    said = []
    fine_tuned, dropping = make_model("gru", frozen=False), make_model("cls", frozen=False)
    dropping.get_layer("bert").trainable = False
    for model, reason in ((fine_tuned, "bert, which trains"), (dropping, "bert, which is random")):
        assert cached(model, [TRAIN], PrefixCache(tmp_path), said.append) == (model, [TRAIN])
        assert reason in said.pop()
    assert not list(tmp_path.iterdir())


def test_texts_without_a_mask_are_a_reason():
    encoder = random_encoder(50, seed=0, tokens=True)
    encoder.freeze()
    inputs = {name: keras.Input([None], name=name, dtype="int32") for name in ("input_ids", "b")}
    outputs = keras.layers.Dense(1)(encoder({"input_ids": inputs["input_ids"]})[:, 0])
    model = keras.Model(inputs, outputs + keras.ops.cast(inputs["b"][:, :1], "float32"))
    with pytest.raises(InputError, match="has 2 inputs, not one or a dict with attention_mask"):
        cut(model)
