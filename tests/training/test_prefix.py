import keras
import numpy as np
import pytest
from keras import layers

from keras_suite.training.prefix import cut
from tests.data.refusals import refused
from tests.training.prefixes import FROZEN, make_net, make_rows


def frozen(layer):
    layer.trainable = False
    return layer


def a():
    return frozen(layers.Dense(4, name="a"))


def model_of(*parts, shape=(4,), head=True):
    """A sequence of layers, operations and functions, with a layer that trains at the end."""
    start = x = keras.Input(shape)
    for part in parts:
        x = part(x)
    return keras.Model(start, layers.Dense(2, name="head")(x) if head else x)


def nested(*parts):
    return keras.Sequential([keras.Input((5, 4)), *parts], name="nested")


LAYERS = [
    (layers.Dropout(0.1), False),
    (layers.Dropout(0), True),
    (layers.GaussianNoise(0.1), False),
    (layers.BatchNormalization(), False),
    (layers.BatchNormalization(center=False, scale=False), False),
    (frozen(layers.BatchNormalization()), True),
    (layers.Normalization(mean=0.5, variance=2.0), True),
    (layers.Reshape((20,)), True),
    (frozen(layers.GRU(3)), True),
    (frozen(layers.GRU(3, recurrent_dropout=0.1)), False),
    (nested(layers.Dropout(0.1)), False),
    (nested(frozen(layers.Dense(3)), layers.Dense(3)), False),
    (frozen(nested(layers.Dense(3), layers.Dense(3))), True),
]


def names(model):
    return [layer.name for layer in model.layers[1:]]  # without the input


def test_prefix_and_tail_are_of_the_models_own_layers_and_do_together_what_it_does():
    model, (images, _) = make_net(), make_rows()
    expected = model.predict_on_batch(images)
    prefix, tail = cut(model)
    assert np.array_equal(tail.predict_on_batch(prefix.predict_on_batch(images)), expected)
    assert np.array_equal(model.predict_on_batch(images), expected)
    assert {id(v) for v in tail.trainable_variables} == {id(v) for v in model.trainable_variables}
    assert not prefix.trainable_variables
    assert all(layer is model.get_layer(layer.name) for layer in tail.layers[1:])
    # A residual graph is cut after the last block that is frozen as a whole.
    assert set(FROZEN) <= set(names(prefix))
    assert prefix.output_shape == (None, 4, 4, 4)  # pooling included, dropout and conv3 not
    model.get_layer("norm2").trainable = True
    prefix, tail = cut(model)
    assert set(FROZEN) & set(names(prefix)) == {"conv1", "norm1"}
    assert prefix.output_shape == (None, 8, 8, 4)
    assert {"conv2", "norm2"} <= set(names(tail))


def test_operations_that_are_no_layers_are_walked_over_but_not_those_on_weights_that_train():
    model = model_of(a(), lambda x: x[:, :3], keras.ops.tanh)
    prefix, tail = cut(model)
    x = np.ones((5, 4), "float32")
    assert [type(operation).__name__ for operation in prefix.operations[2:]] == ["GetItem", "Tanh"]
    assert np.array_equal(tail(prefix(x)), model(x))
    embedding = layers.Dense(4)
    embedding.build((None, 4))

    def add_product(x):
        return embedding(keras.ops.add(x, keras.ops.multiply(x, embedding.bias)))

    assert names(cut(model_of(a(), add_product))[0]) == ["a"]


@pytest.mark.parametrize(("layer", "always_the_same"), LAYERS)
def test_what_may_differ_from_step_to_step_begins_the_tail(layer, always_the_same):
    model = model_of(a(), layer, frozen(layers.Dense(4, name="b")), shape=(5, 2))
    prefix, tail = cut(model)
    assert names(prefix) == (["a", layer.name, "b"] if always_the_same else ["a"])
    assert names(tail) == (["head"] if always_the_same else [layer.name, "b", "head"])


def skip_past_what_trains(x):
    return layers.add([layers.Dense(4, name="trained")(a()(x)), x])


def two_branches(x):
    branches = [frozen(layers.Dense(4))(x) for _ in range(2)]
    return layers.concatenate([layers.Dense(2, name="trained")(branches[0]), branches[1]])


def two_inputs(collect):
    inputs = [keras.Input((3,), name=name) for name in ("input_ids", "other")]
    return keras.Model(collect(inputs), layers.Dense(2)(a()(layers.add(inputs))))


def by_name(inputs):
    return {each.name: each for each in inputs}


FLIPPED = layers.RandomFlip(name="flip"), frozen(layers.Conv2D(2, 3)), layers.Flatten()
NORM = layers.BatchNormalization(scale=False, center=False, name="norm")
MASKED = frozen(layers.Embedding(9, 3, mask_zero=True)), layers.GRU(2)  # by Keras
NO_GAIN = [
    (lambda: model_of(), "no frozen weights come before head, which trains"),
    (lambda: model_of(layers.ReLU()), "no frozen weights come before head, which trains"),
    (lambda: model_of(layers.GaussianNoise(0.1, name="x"), a()), "before x, which is random in"),
    (lambda: model_of(*FLIPPED, shape=(4, 4, 1)), "before flip, which is random in training"),
    (lambda: model_of(NORM), "before norm, which changes its averages in training"),
    (lambda: model_of(skip_past_what_trains), "more than one tensor leads from .* to trained"),
    (lambda: model_of(two_branches), "more than one tensor leads from .* to trained"),
    (lambda: model_of(*MASKED, shape=(5,)), "more than one tensor"),
    (lambda: model_of(a(), head=False), "no layer of it trains"),
    (lambda: two_inputs(list), "the model has 2 inputs, not one or a dict with attention"),
    (lambda: two_inputs(by_name), "the model has 2 inputs, "),
]


@pytest.mark.parametrize(("make", "reason"), NO_GAIN)
def test_where_nothing_is_gained_the_reason_is_said(make, reason):
    with refused(reason):
        cut(make())
