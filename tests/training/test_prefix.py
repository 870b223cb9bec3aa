import keras
import numpy as np
import pytest
from keras import layers

from keras_suite.errors import InputError
from keras_suite.training.prefix import cut
from tests.training.prefixes import FROZEN, make_net, make_rows


def frozen(layer):
    layer.trainable = False
    return layer


def model_of(*parts, shape=(4,), head=True):
    """A sequence of layers, operations and functions, with a layer that trains at the end."""
    start = x = keras.Input(shape)
    for part in parts:
        x = part(x)
    return keras.Model(start, layers.Dense(2, name="head")(x) if head else x)


def names(model):
    return [layer.name for layer in model.layers[1:]]  # without the input


def test_prefix_and_tail_do_together_what_the_model_does():
    model, (images, _) = make_net(), make_rows()
    expected = model.predict(images, verbose=0)
    prefix, tail = cut(model)
    features = prefix.predict(images, verbose=0)
    assert np.array_equal(tail.predict(features, verbose=0), expected)
    assert np.array_equal(model.predict(images, verbose=0), expected)


def test_the_tail_is_of_the_models_own_layers_and_trains_all_that_trains():
    model = make_net()
    prefix, tail = cut(model)
    assert {id(v) for v in tail.trainable_variables} == {id(v) for v in model.trainable_variables}
    assert not prefix.trainable_variables
    assert all(layer is model.get_layer(layer.name) for layer in tail.layers[1:])


def test_a_residual_graph_is_cut_after_the_last_block_that_is_frozen_as_a_whole():
    model = make_net()
    prefix, _ = cut(model)
    assert set(FROZEN) <= set(names(prefix))
    assert prefix.output_shape == (None, 4, 4, 4)  # pooling included, dropout and conv3 not
    model.get_layer("norm2").trainable = True
    prefix, tail = cut(model)
    assert set(FROZEN) & set(names(prefix)) == {"conv1", "norm1"}
    assert prefix.output_shape == (None, 8, 8, 4)
    assert {"conv2", "norm2"} <= set(names(tail))


def test_a_sequential_model_is_cut_too():
    parts = [frozen(layers.Dense(3, name="a")), layers.ReLU(name="b"), layers.Dense(2, name="c")]
    prefix, tail = cut(keras.Sequential([keras.Input((4,)), *parts]))
    assert names(prefix) == ["a", "b"]
    assert names(tail) == ["c"]
    x = np.ones((5, 4), "float32")
    assert np.array_equal(tail(prefix(x)), parts[2](parts[1](parts[0](x))))


def test_operations_that_are_no_layers_are_walked_over():
    model = model_of(frozen(layers.Dense(6)), lambda x: x[:, :3], keras.ops.tanh)
    prefix, tail = cut(model)
    x = np.ones((5, 4), "float32")
    assert [type(operation).__name__ for operation in prefix.operations[2:]] == ["GetItem", "Tanh"]
    assert np.array_equal(tail(prefix(x)), model(x))


def test_an_operation_on_a_weight_that_trains_is_not_in_the_prefix():
    embedding = layers.Dense(4)

    def build(x):
        hidden = frozen(layers.Dense(4, name="a"))(x)
        return embedding(keras.ops.add(hidden, keras.ops.multiply(hidden, embedding.bias)))

    embedding.build((None, 4))
    prefix, _ = cut(model_of(build))
    assert names(prefix) == ["a"]


def test_a_nested_model_is_one_layer():
    inner = [keras.Input((4,)), frozen(layers.Dense(3)), layers.Dense(3)]
    nested = keras.Sequential(inner, name="nested")
    prefix, _ = cut(model_of(frozen(layers.Dense(4, name="a")), nested))
    assert names(prefix) == ["a"]
    prefix, _ = cut(model_of(frozen(layers.Dense(4, name="a")), frozen(nested)))
    assert names(prefix) == ["a", "nested"]


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dropout(0.1),
        layers.GaussianNoise(0.1),
        layers.BatchNormalization(),
        layers.BatchNormalization(center=False, scale=False),
        keras.Sequential([keras.Input((4,)), layers.Dropout(0.1)]),
    ],
)
def test_what_differs_from_step_to_step_is_left_to_the_tail(layer):
    model = model_of(frozen(layers.Dense(4, name="a")), layer, frozen(layers.Dense(4, name="b")))
    prefix, tail = cut(model)
    assert names(prefix) == ["a"]
    assert names(tail) == [layer.name, "b", "head"]


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dropout(0),
        layers.Reshape((4, 1)),
        frozen(layers.BatchNormalization()),
        layers.Normalization(mean=0.5, variance=2.0),
    ],
)
def test_what_never_differs_stays_in_the_prefix(layer):
    after = frozen(layers.Dense(4, name="b"))
    prefix, _ = cut(model_of(frozen(layers.Dense(4, name="a")), layer, after))
    assert names(prefix) == ["a", layer.name, "b"]


def test_recurrent_layers_are_random_only_where_they_drop_something():
    def prefix(**rates):
        gru = frozen(layers.GRU(3, name="gru", **rates))
        return cut(model_of(frozen(layers.Dense(4, name="a")), gru, shape=(5, 2)))[0]

    assert names(prefix()) == ["a", "gru"]
    assert names(prefix(recurrent_dropout=0.1)) == ["a"]


def test_a_whole_transformer_stays_in_the_prefix_only_without_dropout():
    from transformers import DeiTConfig, TFDeiTModel

    from keras_suite.layers.adopted import Adopted
    from tests.layers.tiny import NO_POOLER, SIZES

    def transformer(rate):
        config = DeiTConfig(**SIZES, image_size=8, patch_size=4, hidden_dropout_prob=rate)
        adopted = frozen(Adopted(TFDeiTModel(config, **NO_POOLER), "last_hidden_state", NO_POOLER))
        return model_of(adopted, lambda x: x[:, 0], shape=(3, 8, 8))

    model = transformer(0.0)
    prefix, tail = cut(model)
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype("float32")
    assert prefix.output_shape == (None, SIZES["hidden_size"])
    assert np.array_equal(tail(prefix(x)), model(x))
    with pytest.raises(InputError, match="is random in training"):
        cut(transformer(0.1))


def skip_past_what_trains(x):
    hidden = frozen(layers.Dense(4))(x)
    return layers.add([layers.Dense(4, name="trained")(hidden), x])


def two_branches(x):
    branches = [frozen(layers.Dense(4))(x) for _ in range(2)]
    return layers.concatenate([layers.Dense(2, name="trained")(branches[0]), branches[1]])


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([], "no frozen weights come before head, which trains"),
        ([layers.ReLU()], "no frozen weights come before head, which trains"),
        (
            [layers.GaussianNoise(0.1, name="noise"), frozen(layers.Dense(4))],
            "no frozen weights come before noise, which is random in training",
        ),
        (
            [layers.BatchNormalization(scale=False, center=False, name="norm")],
            "no frozen weights come before norm, which changes its averages in training",
        ),
        ([skip_past_what_trains], "more than one tensor leads from its frozen layers to trained"),
        ([two_branches], "more than one tensor leads from its frozen layers to trained"),
    ],
)
def test_where_nothing_is_gained_the_reason_is_said(parts, reason):
    with pytest.raises(InputError, match=reason):
        cut(model_of(*parts))


def test_augmentation_before_the_frozen_layers_is_a_reason():
    parts = layers.RandomFlip(name="flip"), frozen(layers.Conv2D(2, 3)), layers.Flatten()
    with pytest.raises(InputError, match="before flip, which is random in training"):
        cut(model_of(*parts, shape=(4, 4, 1)))


def test_a_mask_besides_the_tensor_is_a_reason():
    parts = frozen(layers.Embedding(9, 3, mask_zero=True)), layers.GRU(2)
    with pytest.raises(InputError, match="more than one tensor"):
        cut(model_of(*parts, shape=(5,)))


def test_several_inputs_are_a_reason():
    inputs = [keras.Input((3,)), keras.Input((3,))]
    outputs = layers.Dense(2)(frozen(layers.Dense(3))(layers.add(inputs)))
    with pytest.raises(InputError, match="the model has 2 inputs, not one or a dict"):
        cut(keras.Model(inputs, outputs))


def test_a_model_that_is_frozen_as_a_whole_has_nothing_to_train():
    with pytest.raises(InputError, match="no layer of it trains"):
        cut(model_of(frozen(layers.Dense(3)), head=False))
