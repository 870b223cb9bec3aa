import math

import keras
import numpy as np
import pytest

from keras_suite.adapters import apply
from keras_suite.adapters.apply import apply_lora, lora_layers, weights_trained_whole
from keras_suite.adapters.config import LoRAConfig
from keras_suite.adapters.peft import load_adapter, save_adapter
from keras_suite.layers.adopted import Adopted
from tests.layers.tiny import FAMILIES, NO_POOLER, inputs, moved

HEAD = ("classifier",)
Y = np.array([0, 1, 1])
WIDTHS = {"first": 6, "inner": 5, "head": 2}
UNFIT = [
    ({"target_modules": ("query",)}, "query matches no dense layer; there are first, inner"),
    ({"modules_to_save": ("pooler",)}, "pooler is no part of the model"),
    ({"r": 7}, "rank must be from 1 to 6, the width of first: 7"),
]


def base(family):
    """An adopted encoder under a head of two Keras layers."""
    keras.utils.set_random_seed(0)
    encoder = Adopted(FAMILIES[family](), "last_hidden_state", NO_POOLER, name=family)
    arrays = inputs(family)
    symbols = {k: keras.Input(v.shape[1:], name=k, dtype=str(v.dtype)) for k, v in arrays.items()}
    first_token, dense = encoder(symbols)[:, 0], keras.layers.Dense
    hidden = dense(6, activation="tanh", name="classifier.dense")(first_token)
    return keras.Model(symbols, dense(2, name="classifier.out_proj")(hidden))


def plain():
    keras.utils.set_random_seed(0)
    first, inner, head = (keras.layers.Dense(n, "tanh", name=name) for name, n in WIDTHS.items())
    block = keras.Sequential([keras.Input((6,)), inner], name="block")
    return keras.Sequential([keras.Input((4,)), first, block, head])


def same(a, b):
    return np.array_equal(np.asarray(a), np.asarray(b))


def train(model, x):
    """Train for two steps, without the seconds that TensorFlow takes to trace one."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.05), loss, run_eagerly=True)
    model.fit(x, Y, epochs=2, verbose=0)
    model.run_eagerly = False


def out(model, x):
    return np.asarray(model(x))


class Case:
    """A base, its output, and two adapters on it, of which one is trained."""

    def __init__(self, family):
        self.family, self.x, self.base = family, inputs(family), base(family)
        self.before = out(self.base, self.x)
        self.first = apply_lora(self.base, LoRAConfig(r=2, modules_to_save=HEAD))
        other = LoRAConfig(r=3, target_modules=("key",), modules_to_save=HEAD)
        self.second = apply_lora(self.base, other)
        self.untrained = out(self.first, self.x)
        self.moved = moved(self.first.weights, lambda: train(self.first, self.x))
        self.trained = out(self.first, self.x)


@pytest.fixture(scope="module", params=list(FAMILIES))
def case(request):
    return Case(request.param)


def test_exactly_the_updates_and_the_head_train_and_begin_where_the_base_is(case):
    assert same(case.untrained, case.before)
    assert not np.allclose(case.trained, case.before, atol=1e-3)
    updates = [weight for layer in lora_layers(case.first).values() for weight in layer.weights]
    expected = [*updates, *weights_trained_whole(case.first).values()]
    assert {id(w) for w in case.first.trainable_weights} == {id(w) for w in expected}
    assert len(weights_trained_whole(case.first)) == 4
    assert case.moved == [w.trainable for w in case.first.weights]
    slots = sum(math.prod(v.shape) for v in case.first.optimizer.variables if len(v.shape))
    assert slots == 2 * sum(math.prod(w.shape) for w in expected)


def test_adapters_on_one_base_share_its_memory_and_do_not_disturb_it_or_each_other(case):
    assert same(out(case.base, case.x), case.before)
    assert same(out(case.second, case.x), case.before)
    encoders = [each.get_layer(case.family) for each in (case.base, case.first, case.second)]
    for mine, *others in zip(*(each.module_weights for each in encoders), strict=True):
        assert all(other.value is mine.value for other in others)


def test_merging_changes_no_output_and_unmerging_gives_every_weight_back(case):
    def there_and_back():
        assert any(moved(case.first.weights, lambda: apply.merge(case.first)))
        assert np.allclose(out(case.first, case.x), case.trained, atol=1e-5)
        apply.unmerge(case.first)

    assert not any(moved(case.first.weights, there_and_back))
    assert same(out(case.first, case.x), case.trained)


def test_an_adapted_model_comes_back_from_its_file_to_train_the_same(case, tmp_path):
    case.first.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert same(out(loaded, case.x), case.trained)
    assert list(lora_layers(loaded)) == list(lora_layers(case.first))
    names = [[w.name for w in each.trainable_weights] for each in (loaded, case.first)]
    assert names[0] == names[1]


def test_everything_but_the_named_parts_is_frozen():
    model = base("bert")
    apply.train_only(model, ("classifier", "layer.1.output.dense"))
    layers = "bert.bert.encoder.layer.1.output.dense", "classifier.dense", "classifier.out_proj"
    parts = [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]
    assert list(weights_trained_whole(model)) == parts
    assert len(model.trainable_weights) == len(parts)
    with pytest.raises(ValueError, match="pooler is no part of the model"):
        apply.train_only(model, ("pooler",))


def test_what_trains_whole_inside_an_adopted_module_is_a_copy_too():
    model, x = base("bert"), inputs("bert")
    before = out(model, x)
    adapted = apply_lora(model, LoRAConfig(r=2, modules_to_save=("encoder.layer.1.output",)))
    copies = weights_trained_whole(adapted)
    names = "dense.weight", "dense.bias", "LayerNorm.weight", "LayerNorm.bias"
    assert list(copies) == [f"bert.bert.encoder.layer.1.output.{name}" for name in names]
    for copy in copies.values():
        copy.assign(copy + 1)
    assert np.array_equal(out(model, x), before)


def test_dense_layers_of_a_plain_keras_model_get_updates_too_nested_ones_included(tmp_path):
    model, x = plain(), np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    before = out(model, x)
    config = LoRAConfig(r=1, target_modules=("first", "inner"), modules_to_save=("head",))
    adapted = apply_lora(model, config)
    assert same(out(adapted, x), before)
    assert list(lora_layers(adapted)) == ["first", "block.inner"]
    assert list(weights_trained_whole(adapted)) == ["head.weight", "head.bias"]
    train(adapted, x)
    assert np.array_equal(out(model, x), before)
    adapted.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.array_equal(out(loaded, x), out(adapted, x))
    trained = adapted.predict_on_batch(x)
    apply.merge(adapted)  # what was traced before would add the updates twice
    assert np.allclose(adapted.predict_on_batch(x), trained, atol=1e-5)
    apply.unmerge(adapted)
    assert np.array_equal(adapted.predict_on_batch(x), trained)


def test_padding_stays_masked_behind_an_update():
    layers = keras.layers.Embedding(5, 4, mask_zero=True), keras.layers.Dense(4, name="dense")
    model = keras.Sequential([keras.Input((6,)), *layers, keras.layers.LSTM(3)])
    tokens = np.array([[1, 2, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0]])
    adapted = apply_lora(model, LoRAConfig(r=1, target_modules=("dense",)))
    assert same(out(adapted, tokens), out(model, tokens))


def test_layers_of_one_name_in_several_towers_are_several_and_a_shared_one_is_one(tmp_path):
    shared, inputs = keras.layers.Dense(3, name="shared"), keras.Input((4,))
    towers = [
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="d"), shared], name=name)
        for name in "abc"
    ]
    model = keras.Model(inputs, keras.layers.add([tower(inputs) for tower in towers]))
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    config = LoRAConfig(r=1, target_modules=("d", "shared"))
    adapted = apply_lora(model, config)
    assert list(lora_layers(adapted)) == ["a.d", "a.shared", "b.d", "c.d"]
    assert len(adapted.trainable_weights) == 2 * 4
    for weight in adapted.trainable_weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    save_adapter(adapted, config, tmp_path / "adapter")
    assert same(out(load_adapter(model, tmp_path / "adapter"), x), out(adapted, x))
    trained = out(adapted, x)
    apply.merge(adapted)
    assert np.allclose(out(adapted, x), trained, atol=1e-5)
    apply.unmerge(adapted)
    inner = [layer for each in ("a", "b") for layer in adapted.get_layer(each).layers]
    assert inner[1] is inner[3]


def test_two_layers_of_one_path_are_refused():
    layers = [keras.layers.Dense(3, name="d")], [keras.layers.Dense(3, name="a.d")]
    tower = keras.Sequential([keras.Input((4,)), *layers[0]], name="a")
    model = keras.Sequential([keras.Input((4,)), tower, *layers[1]])
    with pytest.raises(ValueError, match=r"Two layers of .* are called a\.d: rename one"):
        apply_lora(model, LoRAConfig(r=1, target_modules=("d",)))


class Opaque(keras.Model):
    """A model in which no layer can be replaced."""

    def __init__(self, **options):
        super().__init__(**options)
        self.dense = keras.layers.Dense(4, name="inner")

    def call(self, x):
        return self.dense(x)


def test_every_weight_of_a_part_that_trains_whole_is_kept_and_nothing_else_trains(tmp_path):
    inputs = keras.Input((5, 4))
    x = keras.layers.Dense(4, name="dense")(Opaque(name="opaque")(inputs))
    x = keras.layers.MultiHeadAttention(2, 3, name="head.mixed")(x, x)
    x = keras.layers.BatchNormalization(name="head.norm")(x)
    x = keras.layers.Bidirectional(keras.layers.LSTM(2), name="head.both")(x)
    model = keras.Model(inputs, keras.layers.Dense(2, name="head.last")(x))
    config = LoRAConfig(r=1, target_modules=("dense",), modules_to_save=("head",))
    adapted = apply_lora(model, config)
    assert len(weights_trained_whole(adapted)) == 8 + 4 + 6 + 2
    x = np.random.default_rng(0).normal(3, 1, (3, 5, 4)).astype("float32")
    train(adapted, x)
    save_adapter(adapted, config, tmp_path / "adapter")
    assert same(out(load_adapter(model, tmp_path / "adapter"), x), out(adapted, x))
    assert not same(out(model, x), out(adapted, x))
    assert not adapted.get_layer("opaque").trainable_weights


@pytest.mark.parametrize(("options", "sentence"), UNFIT)
def test_what_does_not_fit_is_one_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        apply_lora(plain(), LoRAConfig(**{"target_modules": ("first",)} | options))


def test_only_models_of_layers_without_updates_are_adapted():
    config = LoRAConfig(r=1, target_modules=("first",))
    with pytest.raises(ValueError, match="has low-rank updates already: begin with its base"):
        apply_lora(apply_lora(plain(), config), config)
    with pytest.raises(ValueError, match="into a Functional or Sequential model"):
        apply_lora(type("Own", (keras.Model,), {})(), config)
