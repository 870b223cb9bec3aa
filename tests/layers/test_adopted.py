from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
import transformers as tr
from transformers.modeling_tf_pytorch_utils import convert_tf_weight_name_to_pt_weight_name
from transformers.models.bert.modeling_tf_bert import TFBertEmbeddings, TFBertLayer
from transformers.models.deit.modeling_tf_deit import TFDeiTLayer

from keras_suite.layers.adopted import Adopted
from keras_suite.layers.transformers_tf import tf_keras
from tests.layers.tiny import FAMILIES, NO_POOLER, SIZES, inputs, moved

families = pytest.mark.parametrize("family", list(FAMILIES))


def adopt(family):
    return Adopted(FAMILIES[family](), "last_hidden_state", NO_POOLER)


def classifier(layer, family):
    """A Keras model: the adopted layer, its first token, two outputs."""
    arrays = inputs(family)
    symbols = {k: keras.Input(v.shape[1:], name=k, dtype=str(v.dtype)) for k, v in arrays.items()}
    outputs = keras.layers.Dense(2, name="head")(layer(symbols)[:, 0])
    model = keras.Model(symbols, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, run_eagerly=True)  # which saves seconds of tracing
    return model


@families
def test_outputs_and_variables_are_the_modules_own_under_the_names_they_have_in_pytorch(family):
    layer = adopt(family)
    still = layer.module(**inputs(family)).last_hidden_state
    assert np.array_equal(layer(inputs(family)), still)
    assert np.array_equal(layer(inputs(family), training=False), still)
    if family != "albert":  # ALBERT has no dropout by default
        assert not np.array_equal(layer(inputs(family), training=True), still)
    assert all(a.value is b for a, b in zip(layer.weights, layer.module.weights, strict=True))
    assert layer.count_params() == layer.module.count_params()
    pytorchs = convert_tf_weight_name_to_pt_weight_name
    expected = [pytorchs(each.name, tf_weight_shape=each.shape)[0] for each in layer.module.weights]
    assert [weight.name for weight in layer.weights] == expected


@families
def test_gradients_reach_and_a_step_moves_exactly_what_is_trainable(family):
    for frozen in (False, True):
        layer = adopt(family)
        layer.trainable = not frozen
        model = classifier(layer, family)
        step = partial(model.fit, inputs(family), np.array([0, 1, 1]), verbose=0)
        assert moved(layer.weights, step) == [not frozen] * len(layer.weights)
        assert len(model.trainable_weights) == 2 + (0 if frozen else len(layer.weights))


@families
def test_weights_and_whole_models_come_back_from_their_files_without_network(family, tmp_path):
    model, other = (classifier(adopt(family), family) for _ in range(2))
    expected = model(inputs(family))
    model.save_weights(tmp_path / "model.weights.h5")
    assert not np.allclose(other(inputs(family)), expected)
    other.load_weights(tmp_path / "model.weights.h5")
    assert np.array_equal(other(inputs(family)), expected)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.array_equal(loaded(inputs(family)), expected)


@pytest.mark.slow
def test_the_export_gives_what_the_model_gives(tmp_path):
    family = "deit"  # those of texts are exported by the tests of question answering
    model = classifier(adopt(family), family)
    model.export(tmp_path / "export", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "export"))
    outputs = served.serve({k: tf.constant(v) for k, v in inputs(family).items()})
    assert np.abs(outputs - model(inputs(family))).max() <= 1e-6


def test_blocks_and_embeddings_are_adopted_too():
    config = tr.BertConfig(**SIZES, vocab_size=50)
    embeddings, block = (Adopted(kind(config)) for kind in (TFBertEmbeddings, TFBertLayer))
    hidden = embeddings(inputs("bert")["input_ids"])
    assert block(hidden).shape == (3, 7, 16)
    patches = np.ones((2, 5, 16), "float32")
    assert Adopted(TFDeiTLayer(tr.DeiTConfig(**SIZES)))(patches).shape == (2, 5, 16)


def test_only_transformers_tf_layers_are_adopted_and_only_their_dense_layers_updated():
    evil = {"module": "os", "class_name": "system", "config": {}, "output": None}
    for make, of in (Adopted, tf_keras.layers.Dense(3)), (Adopted.from_config, evil):
        with pytest.raises(ValueError, match="no TF layer of transformers"):
            make(of)
    with pytest.raises(ValueError, match=r"has no dense layer encoder\.layer\.9"):
        adopt("roberta").twin(lora={"encoder.layer.9": {"rank": 1}})


def test_dropout_goes_on_from_a_saved_random_state():
    layer = adopt("bert")
    seeds = [v for v in layer.variables if "seed_generator_state" in v.path]
    assert len(seeds) == len(layer.dropouts) > 0
    kept = [np.asarray(seed).copy() for seed in seeds]
    first = np.asarray(layer(inputs("bert"), training=True))
    assert not np.array_equal(layer(inputs("bert"), training=True), first)
    for seed, value in zip(seeds, kept, strict=True):
        seed.assign(value)
    assert np.array_equal(layer(inputs("bert"), training=True), first)


@families
def test_frozen_it_neither_trains_nor_drops_out_also_when_it_comes_back_from_a_file(
    family, tmp_path
):
    layer = adopt(family)
    layer.freeze()
    model = classifier(layer, family)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert len(model.trainable_variables) == len(loaded.trainable_variables) == 2
    still = model(inputs(family), training=False)
    for each in (model, loaded):
        assert np.array_equal(each(inputs(family), training=True), still)


@families
def test_a_twin_shares_every_variable_but_those_it_shall_have_for_itself(family):
    layer = adopt(family)
    own = [layer.weights[0].name, layer.weights[-1].name]
    twin = layer.twin(copied=own, trains=own)
    assert np.array_equal(twin(inputs(family)), layer(inputs(family)))
    for mine, its in zip(layer.weights, twin.weights, strict=True):
        assert its.name == mine.name
        assert (its.value is mine.value) == (its.name not in own) == (not its.trainable)
    twin.weights[0].assign(twin.weights[0] + 1)
    assert not np.allclose(twin.weights[0], layer.weights[0])
    assert all(weight.trainable for weight in layer.weights)
