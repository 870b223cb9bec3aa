import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_suite.layers.lora import LoRADense
from keras_suite.layers.transformers_tf import tf_keras

X = np.random.default_rng(0).normal(size=(5, 3, 12)).astype("float32")


def dense(kind, **options):
    layer = kind.layers.Dense(8, activation="tanh", **options)
    layer.build((None, 12))
    layer.kernel.assign(np.random.default_rng(1).normal(size=(12, 8)))
    return layer


REFUSED = [
    (lambda: LoRADense(dense(keras), r=0), "rank must be from 1 to 12, the width of"),
    (lambda: LoRADense(dense(keras), r=13), "rank must be from 1 to 12, the width of"),
    (lambda: LoRADense(dense(keras), lora_dropout=1.0), r"must lie in \[0, 1\), not 1.0"),
    (lambda: LoRADense(keras.layers.Flatten()), "over a Dense layer, not over Flatten"),
]
kinds = pytest.mark.parametrize("kind", [keras, tf_keras], ids=["keras", "tf_keras"])


def with_update(kind, **options):
    layer = LoRADense(dense(kind), r=2, **options)
    layer.lora_b.assign(np.random.default_rng(2).normal(size=(2, 8)))
    return layer


@kinds
@pytest.mark.parametrize(("use_rslora", "scale"), [(False, 16 / 2), (True, 16 / 2**0.5)])
def test_it_begins_as_the_dense_layer_and_the_update_is_scale_times_x_a_b(kind, use_rslora, scale):
    assert np.allclose(LoRADense(dense(kind), r=3)(X), dense(kind)(X), atol=1e-6)
    layer = with_update(kind, use_rslora=use_rslora)
    kernel = layer.dense.kernel + scale * tf.matmul(layer.lora_a.value, layer.lora_b.value)
    assert np.allclose(layer(X), np.tanh(X @ np.asarray(kernel)), atol=1e-5)


def test_a_is_kaiming_uniform_and_the_same_for_the_same_seed():
    a = [np.asarray(LoRADense(dense(keras), 8, seed=seed).lora_a) for seed in (1, 1, 2)]
    assert np.array_equal(a[0], a[1])
    assert not np.array_equal(a[0], a[2])
    assert 0.9 / 12**0.5 < np.abs(a[0]).max() <= 1 / 12**0.5


@kinds
def test_merging_changes_no_output_and_unmerging_gives_the_kernel_back_to_the_last_bit(kind):
    layer = with_update(kind, lora_dropout=0.3)
    before, kernel = np.asarray(layer(X)), np.asarray(layer.dense.kernel).copy()
    layer.merge()
    layer.merge()  # once is enough
    assert np.allclose(layer(X), before, atol=1e-5)
    assert not np.allclose(layer.dense.kernel, kernel)
    layer.unmerge()
    assert np.array_equal(layer.dense.kernel, kernel)
    assert np.array_equal(layer(X), before)


def test_a_model_with_it_comes_back_from_its_file_but_is_not_saved_merged(tmp_path):
    model = keras.Sequential([keras.Input((3, 12)), with_update(keras, lora_dropout=0.1)])
    model.layers[0].merge()  # the update would count twice
    with pytest.raises(ValueError, match="merged: unmerge it before it is saved"):
        model.save_weights(tmp_path / "model.weights.h5")
    model.layers[0].unmerge()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.array_equal(loaded(X), model(X))
    assert [weight.name for weight in loaded.trainable_weights] == ["lora_A", "lora_B"]


def test_dropout_falls_on_the_update_alone_and_only_in_training():
    layer = with_update(keras, lora_dropout=0.5)
    still = np.asarray(layer(X))
    assert np.array_equal(layer(X, training=False), still)
    assert not np.array_equal(layer(X, training=True), still)
    layer.lora_b.assign(np.zeros((2, 8)))
    assert np.array_equal(layer(X, training=True), layer(X, training=False))


def test_only_a_and_b_train():
    layer = with_update(keras)
    assert [weight.name for weight in layer.trainable_weights] == ["lora_A", "lora_B"]
    model = keras.Sequential([keras.Input((3, 12)), layer])
    model.compile("adam", "mse", run_eagerly=True)
    kernel, a = np.asarray(layer.dense.kernel).copy(), np.asarray(layer.lora_a).copy()
    model.fit(X, np.zeros((5, 3, 8)), verbose=0)
    assert np.array_equal(layer.dense.kernel, kernel)
    assert not np.array_equal(layer.lora_a, a)
    slots = [v for v in model.optimizer.variables if v.shape in ((12, 2), (2, 8))]
    assert len(slots) == 4
    assert not [v for v in model.optimizer.variables if v.shape == (12, 8)]
    layer = LoRADense(dense(keras, use_bias=False), r=1)
    assert layer.count_params() == 12 * 8 + 12 + 8  # without bias it stays without


@pytest.mark.parametrize(("make", "sentence"), REFUSED)
def test_what_cannot_be_is_one_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
