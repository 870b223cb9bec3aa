"""What the prefix cache does for texts; tests of the cache itself are in test_prefix_cache.py."""

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
from tests.training.prefixes import assert_trains_alike

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
    model = make_model(head)
    tail, parts = cached(model, [TRAIN, VALIDATION], PrefixCache(tmp_path))
    assert tail is not model
    whole = make_fit(make_model(head), TRAIN, VALIDATION)
    assert_trains_alike(whole, make_fit(tail, *parts), model, atol=1e-4, learnt=0)


def test_stored_features_are_those_of_each_token_and_0_at_padding(tmp_path):
    prefix, _ = cut(make_model("mean"))
    (stored,) = PrefixCache(tmp_path).rows(prefix, [TRAIN])
    inputs, features = (rows.inputs(np.arange(20)) for rows in (TRAIN, stored))
    assert np.array_equal(inputs["attention_mask"], features["attention_mask"])
    expected = np.where(inputs["attention_mask"][..., None], prefix(inputs), 0)
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
