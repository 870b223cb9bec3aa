import math
import socket
import tempfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group
from keras.src.utils import file_utils

from keras_suite.data.download import NoNetworkError
from keras_suite.errors import InputError
from keras_suite.tasks.cifar10 import vgg19 as module
from keras_suite.tasks.cifar10.vgg19 import vgg19

FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype="uint8")
LABELS = np.array([0, 1, 2, 3])


@pytest.fixture(scope="module")
def folder():
    """For files of 80 MB, which pytest's own folders would keep for a while."""
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


@pytest.fixture(scope="module")
def original():
    return keras.applications.VGG19(include_top=False, weights=None, input_shape=(32, 32, 3))


@pytest.fixture(scope="module")
def h5_file(original, folder):
    """The original's weights as in Keras' own file of the ImageNet weights."""
    (folder / "models").mkdir()
    with h5py.File(folder / "models" / FILE, "w") as file:
        save_weights_to_hdf5_group(file, original)
    return folder / "models" / FILE


@pytest.fixture
def no_network(monkeypatch):
    def unreachable(url):
        raise NoNetworkError(f"{url} cannot be reached")

    monkeypatch.setattr(module, "require_answer", unreachable)


def count(weights):
    return sum(math.prod(weight.shape) for weight in weights)


def features(model, images):
    """What the convolutions inside a model give."""
    return keras.Model(model.input, model.get_layer("block5_pool").output)(images)


def refusal(image_size=32, weights=None):
    with pytest.raises(InputError) as caught:
        vgg19(image_size, 10, weights)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_full_model_has_the_reports_parameters():
    model = vgg19(224, 10, None)
    assert model.count_params() == 26_449_738
    assert count(model.trainable_weights) == 15_864_586
    block5 = [layer for layer in model.layers if layer.name.startswith("block5")]
    heads = [layer.count_params() for layer in model.layers[-4:]]
    assert count(weight for layer in block5 for weight in layer.weights) == 9_439_232
    assert heads == [0, 6_422_784, 0, 2_570]
    assert model.layers[-4].output.shape == (None, 25_088)


def test_the_layers_are_vgg19s_own_and_frozen_up_to_the_last_block(original):
    model = vgg19(32, 10, None)
    names = [layer.name for layer in model.layers]
    start = names.index("block1_conv1")
    assert names[start : names.index("block5_pool") + 1] == [
        layer.name for layer in original.layers[1:]
    ]
    border = names.index("block5_conv1")
    assert [layer.trainable for layer in model.layers] == [i >= border for i in range(len(names))]
    assert not model.compiled


def test_a_step_moves_the_last_block_and_the_head_alone():
    keras.utils.set_random_seed(0)
    model = vgg19(32, 10, None)
    before = [np.asarray(weight).copy() for weight in model.weights]
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(IMAGES, LABELS, verbose=0)
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.weights, strict=True)]
    assert moved == [weight.trainable for weight in model.weights]
    assert sum(moved) == len(model.trainable_weights) == 2 * 4 + 4


def test_it_comes_back_from_its_file_without_a_network(folder, monkeypatch):
    model = vgg19(32, 10, None)
    expected = model.predict(IMAGES, verbose=0)
    model.save(folder / "model.keras")
    monkeypatch.delattr(socket, "socket")
    loaded = keras.saving.load_model(folder / "model.keras", safe_mode=True)
    assert np.array_equal(loaded.predict(IMAGES, verbose=0), expected)
    assert count(loaded.trainable_weights) == count(model.trainable_weights)


def test_images_of_any_size_give_probabilities():
    model = vgg19(32, 10, None)
    for shape in ((3, 32, 32, 3), (2, 28, 45, 3)):
        images = np.full(shape, 200, "uint8")
        probabilities = model.predict(images, verbose=0)
        assert probabilities.shape == (len(images), 10)
        assert probabilities.dtype == np.float32
        assert np.allclose(probabilities.sum(axis=1), 1)


def test_pixels_are_scaled_to_one_and_resized_bilinearly_without_rounding():
    model = vgg19(64, 10, None)
    pixels = keras.Model(model.input, model.get_layer("block1_conv1").input)
    expected = keras.ops.image.resize(IMAGES.astype("float32"), (64, 64), "bilinear") / 255
    assert np.abs(pixels(IMAGES) - expected).max() <= 1e-6
    assert np.abs(pixels.predict(IMAGES, verbose=0) - expected).max() <= 1e-6


def test_convolutions_of_a_file_give_what_keras_own_model_gives(original, folder, h5_file):
    original.save_weights(folder / "notop.weights.h5")
    expected = original(IMAGES / np.float32(255))
    for file in (h5_file, folder / "notop.weights.h5"):
        assert np.abs(features(vgg19(32, 10, file), IMAGES) - expected).max() <= 1e-6


def test_imagenet_weights_in_keras_cache_need_no_network(original, h5_file, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(h5_file.parents[1]))
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(h5_file.parents[1]))
    monkeypatch.setattr(file_utils, "validate_file", lambda *file, **settings: True)
    monkeypatch.delattr(socket, "socket")
    expected = original(IMAGES / np.float32(255))
    assert np.abs(features(vgg19(32, 10, "imagenet"), IMAGES) - expected).max() <= 1e-6


def test_without_a_network_the_person_reads_which_file_belongs_where(
    tmp_path, monkeypatch, no_network
):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    message = refusal(weights="imagenet")
    assert "https://storage.googleapis.com cannot be reached" in message
    assert f"fetch {FILE} on a machine with a network and put it into" in message
    assert f"{tmp_path / 'models'}, or name the file itself." in message
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert f"put it into {tmp_path / '.keras' / 'models'}, or" in refusal(weights="imagenet")


def test_a_download_that_fails_is_one_sentence_too(tmp_path, monkeypatch):
    def breaks_off(*file, **settings):
        raise Exception("URL fetch failure on https://...: 503 --\nunavailable")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(module, "require_answer", lambda url: None)
    monkeypatch.setattr(file_utils, "get_file", breaks_off)
    assert "(URL fetch failure on https://...: 503 -- unavailable): fetch" in refusal(
        weights="imagenet"
    )


@pytest.mark.parametrize("name", ["none.h5", "none.weights.h5", "empty.h5", "other.npz"])
def test_a_file_that_is_none_of_weights_is_refused(tmp_path, name):
    if not name.startswith("none"):
        (tmp_path / name).write_bytes(b"nothing")
    message = refusal(weights=tmp_path / name)
    assert f"{tmp_path / name} holds no weights of VGG19 without its top (" in message
    assert f"fetch {FILE} and name that file." in message


@pytest.mark.parametrize("filters", [64, 5], ids=["too few layers", "another shape"])
def test_weights_of_another_network_are_refused(tmp_path, filters):
    other = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(filters, 3)])
    other.save_weights(tmp_path / "other.weights.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        save_weights_to_hdf5_group(file, other)
    for name in ("other.weights.h5", "other.h5"):
        assert "holds no weights of VGG19 without its top" in refusal(weights=tmp_path / name)


def test_images_too_small_for_five_halvings_are_refused():
    assert refusal(image_size=31) == (
        "VGG19 takes images of at least 32 pixels a side: choose an image size of 32 or more "
        "instead of 31."
    )
