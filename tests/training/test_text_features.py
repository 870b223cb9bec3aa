"""What the prefix cache does for texts; tests of the cache itself are in test_prefix_cache.py."""

from itertools import islice

import keras
import numpy as np
import pytest
from transformers import BertConfig
from transformers.models.bert.modeling_tf_bert import TFBertMainLayer

from keras_suite.layers.adopted import Adopted
from keras_suite.training.cached import cached
from keras_suite.training.fit import Fit
from keras_suite.training.prefix import cut
from keras_suite.training.prefix_cache import PrefixCache
from tests.layers.tiny import NO_POOLER, TEXT
from tests.training.fits import make_text_rows
from tests.training.prefixes import run

NAMES = "input_ids", "attention_mask"
TRAIN, VALIDATION = make_text_rows(20), make_text_rows(13, seed=1)


def make_model(head, frozen=True):
    keras.utils.set_random_seed(3)
    config = BertConfig(**TEXT | {"num_hidden_layers": 1})
    module = TFBertMainLayer(config, **NO_POOLER, name="bert")
    encoder = Adopted(module, "last_hidden_state", NO_POOLER)
    if frozen:
        encoder.freeze()
    inputs = {name: keras.Input([None], name=name, dtype="int32") for name in NAMES}
    features = encoder(inputs)
    if head == "mean":
        each_token, mask = keras.layers.Dense(4)(features), inputs["attention_mask"]
        features = keras.layers.GlobalAveragePooling1D()(each_token, mask=mask)
    else:
        features = features[:, 0]
    model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid", name="head")(features))
    settings = {"metrics": ["accuracy"], "run_eagerly": True}  # which saves seconds of tracing
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", **settings)
    return model


def make_fit(model, train, validation):
    measures = {"val_mean": lambda labels, outputs: float(outputs.mean())}
    return Fit("fit", model, train, validation, 2, batch_size=6, seed=5, measures=measures)


@pytest.mark.parametrize("head", ["cls", "mean"])
def test_training_a_head_on_stored_features_is_training_the_model(head, tmp_path):
    whole, model = make_model(head), make_model(head)
    losses, history = run(make_fit(whole, TRAIN, VALIDATION))
    tail, parts = cached(model, [TRAIN, VALIDATION], PrefixCache(tmp_path))
    assert tail is not model
    tail_losses, tail_history = run(make_fit(tail, *parts))
    assert len(losses) == 2 * 4
    assert np.allclose(tail_losses, losses, rtol=0, atol=1e-5)
    for name in ("loss", "accuracy", "val_mean"):
        figures = [[entry[name] for entry in each] for each in (history, tail_history)]
        assert np.allclose(*figures, rtol=0, atol=1e-5)
    for weight, other in zip(model.weights, whole.weights, strict=True):
        assert np.allclose(weight, other, rtol=0, atol=1e-4)
    assert history[-1]["loss"] < history[0]["loss"]  # there was something to learn


def test_stored_features_come_in_the_batches_of_their_texts(tmp_path):
    prefix, _ = cut(make_model("mean"))
    (stored,) = PrefixCache(tmp_path).rows(prefix, [TRAIN])
    pairs = zip(TRAIN.stream(6, 1, 3), stored.stream(6, 1, 3), strict=True)
    for (inputs, labels), (features, same_labels) in islice(pairs, 6):
        assert np.array_equal(labels, same_labels)
        assert np.array_equal(inputs["attention_mask"], features["attention_mask"])
        is_token = inputs["attention_mask"][..., None].astype(bool)
        expected = np.where(is_token, prefix(inputs), 0)
        assert np.allclose(features["features"], expected, atol=1e-5)


def test_token_ids_and_encoder_decide_the_file_and_the_head_does_not(tmp_path):
    def path(model, rows=TRAIN):
        prefix, _ = cut(model)
        prefix.run_eagerly = True
        return PrefixCache(tmp_path).rows(prefix, [rows])[0].path

    other_head, other_encoder = make_model("mean"), make_model("mean")
    other_head.get_layer("head").bias.assign([1.0])
    weight = other_encoder.get_layer("bert").weights[0]
    weight.assign(weight + 1)
    paths = [path(make_model("mean")), path(other_encoder), path(make_model("cls"))]
    assert len({*paths, path(make_model("mean"), make_text_rows(20, seed=2))}) == 4
    assert path(other_head) == paths[0]


def test_an_encoder_that_trains_or_drops_out_is_not_stored(tmp_path):
    said = []
    fine_tuned, dropping = make_model("mean", frozen=False), make_model("cls", frozen=False)
    dropping.get_layer("bert").trainable = False
    for model, reason in ((fine_tuned, "bert, which trains"), (dropping, "bert, which is random")):
        assert cached(model, [TRAIN], PrefixCache(tmp_path), said.append) == (model, [TRAIN])
        assert reason in said.pop()
    assert not list(tmp_path.iterdir())
