import math
import shutil
import socket
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
import transformers as tr
from safetensors.numpy import load_file

from keras_suite.data import tokens
from keras_suite.data.download import NoNetworkError
from keras_suite.errors import InputError
from keras_suite.tasks.cifar10 import deit
from keras_suite.tasks.cifar10.deit import deit_with_imagenet_head, deit_with_new_heads
from tests.layers.tiny import SIZES
from tests.models.test_encoders import as_pytorch, write_checkpoint

HEADS = {"cls_classifier", "distillation_classifier"}
NEW_HEAD = {"dense", "probabilities"}
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype="uint8")
LABELS = np.array([0, 1, 2, 1])


def with_frozen_embeddings(*arguments):
    return deit_with_imagenet_head(*arguments, train_embeddings=False)


BUILDERS = {
    deit_with_imagenet_head: {"embeddings", "block_1", "norm"} | HEADS | NEW_HEAD,
    with_frozen_embeddings: {"block_1", "norm"} | HEADS | NEW_HEAD,
    deit_with_new_heads: {"block_1"} | HEADS,
}
builders = pytest.mark.parametrize("build", list(BUILDERS), ids=lambda build: build.__name__)
public = pytest.mark.parametrize("build", [deit_with_imagenet_head, deit_with_new_heads])


@pytest.fixture(scope="module")
def original():
    """A tiny DeiT of six ImageNet classes, with no weight that is 0 or 1 by chance."""
    config = tr.DeiTConfig(**SIZES, image_size=8, patch_size=4, num_labels=6)
    model = tr.TFDeiTForImageClassificationWithTeacher(config)
    model.build_in_name_scope()
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    return model


@pytest.fixture(scope="module")
def folder(original, tmp_path_factory):
    """The same model as PyTorch would have left it."""
    path = tmp_path_factory.mktemp("deit")
    write_checkpoint(path, original.config, as_pytorch(original))
    return path


@pytest.fixture
def arrays(folder):
    """The checkpoint's arrays by name, to change."""
    return load_file(folder / "model.safetensors")


def count(weights):
    return sum(math.prod(weight.shape) for weight in weights)


def trainable_layers(model):
    """Names of the layers that train; "dense", whose name counts on, without its number."""
    names = {layer.name for layer in model.layers if layer.trainable_weights}
    return {"dense" if name.startswith("dense") else name for name in names}


def output_of(model, layer, images=IMAGES):
    return keras.Model(model.input, model.get_layer(layer).output)(images)


def channels_first(images):
    pixels = tf.image.resize(images, (8, 8), "bilinear") / 255
    return tf.transpose(pixels, (0, 3, 1, 2))


def refusal(weights, build=deit_with_imagenet_head, image_size=8):
    with pytest.raises(InputError) as caught:
        build(image_size, 3, weights)
    message = str(caught.value)
    assert "\n" not in message
    return message


def no_deit(weights, build=deit_with_imagenet_head):
    """The sentence for a folder or name that gives no DeiT."""
    message = refusal(weights, build)
    assert message.startswith(f"No DeiT from {weights} (")
    assert "fetch config.json and model.safetensors" in message
    assert message.endswith("are never loaded), put them into one folder and name that folder.")
    return message


def test_the_base_model_trains_the_reports_parameters():
    model = deit_with_imagenet_head(224, 10, None)
    assert count(model.trainable_weights) == 9_630_426
    assert model.count_params() == 87_597_018
    counts = {layer.name: layer.count_params() for layer in model.layers}
    assert counts["embeddings"] == 744_192
    assert {counts[f"block_{i}"] for i in range(12)} == {7_087_872}
    assert counts["norm"] == 1_536
    assert sum(counts[head] for head in HEADS) == 1_538_000
    assert sum(layer.count_params() for layer in model.layers[-3:]) == 258_826
    assert model.get_layer("block_11").output.shape == (None, 198, 768)


def test_the_small_model_trains_its_last_block_and_its_new_heads():
    model = deit_with_new_heads(224, 10, None)
    assert count(model.trainable_weights) == 1_782_164
    assert model.get_layer("block_11").count_params() == 1_774_464
    assert sum(model.get_layer(head).count_params() for head in HEADS) == 7_700
    assert trainable_layers(model) == {"block_11"} | HEADS


@pytest.mark.parametrize("shape", [(8, 8), (5, 11)])
def test_logits_are_those_of_transformers_on_the_same_weights(original, folder, shape):
    images = np.random.default_rng(1).integers(0, 256, (4, *shape, 3), dtype="uint8")
    expected = original(channels_first(images))
    model = deit_with_imagenet_head(8, 3, folder)
    assert np.abs(output_of(model, "logits", images) - expected.logits).max() <= 1e-5
    for head, logits in zip(("cls", "distillation"), expected[1:3], strict=True):
        assert np.abs(output_of(model, f"{head}_classifier", images) - logits).max() <= 1e-5


def test_new_heads_are_averaged_on_the_features_of_transformers(original, folder):
    model = deit_with_new_heads(8, 3, folder)
    tokens = original.deit(channels_first(IMAGES)).last_hidden_state
    assert np.abs(output_of(model, "norm") - tokens).max() <= 1e-5
    heads = [model.get_layer(name) for name in ("cls_classifier", "distillation_classifier")]
    logits = (heads[0](tokens[:, 0]) + heads[1](tokens[:, 1])) / 2
    assert np.abs(model(IMAGES) - tf.nn.softmax(logits)).max() <= 1e-5


def test_a_block_gives_a_plain_tensor(folder):
    model = deit_with_new_heads(8, 3, folder)
    for name in ("embeddings", "block_0", "block_1"):
        assert model.get_layer(name).output.shape == (None, 6, 16)
        assert output_of(model, name).shape == (4, 6, 16)


@builders
def test_what_trains_is_what_is_named(folder, build):
    model = build(8, 3, folder)
    assert trainable_layers(model) == BUILDERS[build]
    for layer in model.layers:
        assert len(layer.trainable_weights) in (0, len(layer.weights))
    assert not model.compiled


@builders
def test_a_step_moves_exactly_what_trains(folder, build):
    keras.utils.set_random_seed(0)
    model = build(8, 3, folder)
    before = [np.asarray(weight).copy() for weight in model.weights]
    # Adam, because the keys' biases change no output and have all but no gradient.
    adam = keras.optimizers.Adam(0.1)
    model.compile(adam, "sparse_categorical_crossentropy", run_eagerly=True)
    model.fit(IMAGES, LABELS, verbose=0)
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.weights, strict=True)]
    assert moved == [weight.trainable for weight in model.weights]


def test_with_frozen_embeddings_all_before_the_last_block_is_frozen(folder):
    model = with_frozen_embeddings(8, 3, folder)
    border = [layer.name for layer in model.layers].index("block_1")
    assert not any(layer.trainable for layer in model.layers[:border])
    assert model.layers[border - 1].name == "block_0"


@public
def test_it_comes_back_from_its_file_with_neither_checkpoint_nor_network(
    folder, tmp_path, monkeypatch, build
):
    shutil.copytree(folder, tmp_path / "checkpoint")
    model = build(8, 3, tmp_path / "checkpoint")
    expected = model.predict(IMAGES, verbose=0)
    model.save(tmp_path / "model.keras")
    shutil.rmtree(tmp_path / "checkpoint")
    monkeypatch.delattr(socket, "socket")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.array_equal(loaded.predict(IMAGES, verbose=0), expected)
    assert trainable_layers(loaded) == BUILDERS[build]
    with zipfile.ZipFile(tmp_path / "model.keras") as file:
        assert str(tmp_path) not in file.read("config.json").decode()


@public
def test_images_of_any_size_give_probabilities(folder, build):
    model = build(8, 3, folder)
    for shape in ((3, 32, 32, 3), (2, 7, 5, 3)):
        images = np.full(shape, 200, "uint8")
        probabilities = np.asarray(model(images))
        assert probabilities.shape == (len(images), 3)
        assert probabilities.dtype == np.float32
        assert np.allclose(probabilities.sum(axis=1), 1)


def test_random_weights_are_decided_by_the_seed_and_fit_the_images(monkeypatch):
    monkeypatch.setitem(deit.SIZES, "small", SIZES)  # 16 wide

    def outputs(seed):
        keras.utils.set_random_seed(seed)
        model = deit_with_imagenet_head(32, 3, None, size="small")
        assert model.get_layer("embeddings").output.shape == (None, 2 + 4, 16)
        return model(IMAGES)

    first = outputs(1)
    assert np.array_equal(outputs(1), first)
    assert not np.allclose(outputs(2), first)


def test_only_new_heads_go_without_the_checkpoints_heads(original, arrays, tmp_path):
    arrays = {name: array for name, array in arrays.items() if "classifier" not in name}
    write_checkpoint(tmp_path, original.config, arrays)
    expected = original.deit(channels_first(IMAGES)).last_hidden_state
    features = output_of(deit_with_new_heads(8, 3, tmp_path), "norm")
    assert np.abs(features - expected).max() <= 1e-5
    assert "lacks 4 of its weights, such as cls_classifier" in no_deit(tmp_path)


def test_a_checkpoint_that_leaves_a_weight_at_random_is_refused(original, arrays, tmp_path):
    del arrays["deit.encoder.layer.1.output.dense.bias"]
    arrays["deit.embeddings.position_embeddings"] = np.zeros((1, 9, 16), "float32")
    write_checkpoint(tmp_path, original.config, arrays)
    for build in (deit_with_imagenet_head, deit_with_new_heads):
        assert "model.safetensors lacks 2 of its weights, such as" in no_deit(tmp_path, build)


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path):
    config = tr.ViTConfig(**SIZES, image_size=8, patch_size=4)
    model = tr.TFViTForImageClassification(config)
    model.build_in_name_scope()
    write_checkpoint(tmp_path, config, as_pytorch(model))
    assert "of its weights, such as" in no_deit(tmp_path, deit_with_new_heads)


def test_pickles_are_refused_unread(folder, tmp_path):
    shutil.copy(folder / "config.json", tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"anything")
    assert "it holds no model.safetensors" in no_deit(tmp_path)


def test_a_name_that_cannot_be_had_is_one_sentence_saying_what_to_put_where(monkeypatch):
    def unreachable(url):
        raise NoNetworkError(f"{url} cannot be reached")

    monkeypatch.setattr(tokens, "require_answer", unreachable)
    assert "https://huggingface.co cannot be reached" in no_deit("nobody/no-such-deit")


def test_pretrained_weights_are_for_one_image_size(folder):
    assert refusal(folder, image_size=16) == (
        f"The DeiT from {folder} takes images of 8 pixels a side: choose this image size instead "
        "of 16."
    )


@pytest.mark.parametrize("size", [0, 8, 40])
def test_an_image_size_that_patches_do_not_fill_is_refused(size):
    message = refusal(None, image_size=size)
    assert f"choose an image size that is a multiple of 16 instead of {size}." in message
