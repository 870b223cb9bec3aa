import functools
import shutil
import socket
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
import transformers as tr

from keras_suite.tasks.cifar10 import deit
from keras_suite.tasks.cifar10.deit import deit_with_imagenet_head, deit_with_new_heads
from tests.data.refusals import refused
from tests.layers.tiny import SIZES, count, moved
from tests.models.checkpoints import as_pytorch, randomize, write_checkpoint

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype="uint8")
COUNTED = [
    (deit_with_imagenet_head, "base", 9_630_426, 7_087_872, 0),
    (deit_with_new_heads, "small", 1_782_164, 1_774_464, 384 * (768 + 1 + 2 + 198 + 2)),
]


with_frozen_embeddings = functools.partial(deit_with_imagenet_head, train_embeddings=False)
TRAINED = {
    deit_with_imagenet_head: {deit.EMBEDDINGS, deit.NORM, "dense", "probabilities"},
    with_frozen_embeddings: {deit.NORM, "dense", "probabilities"},
    deit_with_new_heads: set(),
}
LAST = "deit.encoder.layer.1"
TRAINED = {build: names | {LAST, *deit.HEADS} for build, names in TRAINED.items()}


@pytest.fixture(scope="module")
def original():
    """A tiny DeiT of six ImageNet classes."""
    config = tr.DeiTConfig(**SIZES, image_size=8, patch_size=4, num_labels=6)
    model = tr.TFDeiTForImageClassificationWithTeacher(config)
    randomize(model)
    return model


@pytest.fixture
def folder(original, tmp_path):
    """The same model as PyTorch would have left it."""
    write_checkpoint(tmp_path / "checkpoint", original.config, as_pytorch(original))
    return tmp_path / "checkpoint"


def trainable_layers(model):
    """Names of the layers that train; "dense", whose name counts on, without its number."""
    names = {layer.name for layer in model.layers if layer.trainable_weights}
    return {"dense" if name.startswith("dense") else name for name in names}


def output_of(model, layer, images=IMAGES):
    return keras.Model(model.input, model.get_layer(layer).output)(images)


def channels_first(images):
    pixels = tf.image.resize(images, (8, 8), "bilinear") / 255
    return tf.transpose(pixels, (0, 3, 1, 2))


@pytest.mark.parametrize(("build", "size", "trained", "of_block", "frozen"), COUNTED)
def test_the_reports_parameters_train(monkeypatch, build, size, trained, of_block, frozen):
    monkeypatch.setitem(deit.SIZES, size, deit.SIZES[size] | {"num_hidden_layers": 1})
    model = build(224, 10, None)
    assert count(model.trainable_weights) == trained
    assert model.count_params() == trained + frozen
    assert model.get_layer("deit.encoder.layer.0").count_params() == of_block
    assert model.get_layer("deit.encoder.layer.0").output.shape[1] == 196 + 2


def test_logits_are_those_of_transformers_on_the_same_weights(original, folder):
    model = deit_with_imagenet_head(8, 3, folder)
    for images in (IMAGES, np.resize(IMAGES, (4, 5, 11, 3))):
        expected = original(channels_first(images))[:3]
        for layer, logits in zip(("logits", *deit.HEADS), expected, strict=True):
            assert np.abs(output_of(model, layer, images) - logits).max() <= 1e-5


def test_new_heads_are_averaged_on_the_features_of_transformers(original, folder):
    model = deit_with_new_heads(8, 3, folder)
    tokens = original.deit(channels_first(IMAGES)).last_hidden_state
    assert np.abs(output_of(model, deit.NORM) - tokens).max() <= 1e-5
    logits = sum(model.get_layer(head)(tokens[:, i]) for i, head in enumerate(deit.HEADS)) / 2
    assert np.abs(model(IMAGES) - tf.nn.softmax(logits)).max() <= 1e-5
    for name in (deit.EMBEDDINGS, "deit.encoder.layer.0", LAST):  # plain tensors
        assert output_of(model, name).shape == (4, 6, 16)


@pytest.mark.parametrize("build", TRAINED)
def test_it_comes_back_from_its_file_alone_and_a_step_moves_exactly_what_is_named(
    folder, tmp_path, monkeypatch, build
):
    keras.utils.set_random_seed(0)
    model = build(8, 3, folder)
    model.save(tmp_path / "model.keras")
    shutil.rmtree(folder)
    monkeypatch.delattr(socket, "socket")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    for images in (IMAGES, np.resize(IMAGES, (2, 7, 5, 3))):  # any size
        probabilities = np.asarray(loaded(images))
        assert np.array_equal(probabilities, model(images))
        assert probabilities.dtype == np.float32
        assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(images)))
    with zipfile.ZipFile(tmp_path / "model.keras") as file:
        assert str(tmp_path) not in file.read("config.json").decode()
    assert not model.compiled
    assert trainable_layers(model) == trainable_layers(loaded) == TRAINED[build]
    # Adam, because the keys' biases change no output and have all but no gradient.
    adam = keras.optimizers.Adam(0.1)
    loaded.compile(adam, "sparse_categorical_crossentropy", run_eagerly=True)
    step = functools.partial(loaded.fit, IMAGES, np.array([0, 1, 2, 1]), verbose=0)
    assert moved(loaded.weights, step) == [weight.trainable for weight in loaded.weights]
    for layer in loaded.layers:
        assert len(layer.trainable_weights) in (0, len(layer.weights))


def test_random_weights_are_decided_by_the_seed_and_fit_the_images(monkeypatch):
    monkeypatch.setitem(deit.SIZES, "small", SIZES)  # 16 wide
    features = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        model = deit_with_new_heads(32, 3, None)
        features.append(output_of(model, deit.EMBEDDINGS))
        assert features[-1].shape == (4, 2 + 4, 16)
    assert np.array_equal(features[0], features[1])
    assert not np.allclose(features[0], features[2])


def test_a_checkpoint_that_leaves_a_weight_at_random_is_refused(original, tmp_path):
    arrays = {k: v for k, v in as_pytorch(original).items() if "_classifier" not in k}
    write_checkpoint(tmp_path, original.config, arrays)
    with refused("lacks 4 of its weights, such as cls_classifier"):
        deit_with_imagenet_head(8, 3, tmp_path)
    deit_with_new_heads(8, 3, tmp_path)  # needs no heads
    del arrays["deit.encoder.layer.1.output.dense.bias"]
    arrays["deit.embeddings.position_embeddings"] = np.zeros((1, 9, 16), "float32")
    write_checkpoint(tmp_path, original.config, arrays)
    with refused("lacks 2 of its weights", f"No DeiT from {tmp_path} "):
        deit_with_new_heads(8, 3, tmp_path)


@pytest.mark.parametrize("size", [0, 8, 40])
def test_an_image_size_that_does_not_suit_is_refused(folder, size):
    with refused(f"multiple of 16 instead of {size}"):
        deit_with_imagenet_head(size, 3, None)
    with refused("of 8 pixels a side: choose this image size instead of 16"):
        deit_with_imagenet_head(16, 3, folder)


@pytest.mark.parametrize("build", [deit_with_imagenet_head, deit_with_new_heads])
def test_normalised_images_have_imagenets_means_and_deviations_of_each_channel(build, folder):
    model = build(8, 3, folder, normalise="imagenet")
    pixels = keras.Model(model.input, model.get_layer("imagenet").output)(IMAGES)
    expected = (IMAGES / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    assert np.abs(pixels - expected).max() <= 1e-5
    assert "imagenet" not in [layer.name for layer in build(8, 3, folder).layers]
