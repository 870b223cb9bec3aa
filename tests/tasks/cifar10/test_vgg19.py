import functools
import hashlib
import shutil
import socket

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

from keras_suite.errors import InputError
from keras_suite.tasks.cifar10 import vgg19 as module
from keras_suite.tasks.cifar10.vgg19 import FILE, vgg19
from tests.data.refusals import refused
from tests.data.web import serve
from tests.layers.tiny import count, moved

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype="uint8")


@pytest.fixture(scope="module")
def original():
    return keras.applications.VGG19(include_top=False, weights=None, input_shape=(32, 32, 3))


@pytest.fixture(scope="module")
def model():
    return vgg19(32, 10, None)


def save_as_keras_does(path, network):
    if path.name.endswith(".weights.h5"):
        network.save_weights(path)
    else:
        with h5py.File(path, "w") as file:
            save_weights_to_hdf5_group(file, network)


def test_the_full_model_has_the_reports_parameters():
    model = vgg19(224, 10, None)
    assert model.count_params() == 26_449_738
    assert count(model.trainable_weights) == 15_864_586
    block5 = [layer for layer in model.layers if layer.name.startswith("block5")]
    assert count(weight for layer in block5 for weight in layer.weights) == 9_439_232
    assert [layer.count_params() for layer in model.layers[-4:]] == [0, 6_422_784, 0, 2_570]


def test_it_comes_back_from_its_file_and_images_of_any_size_give_probabilities(
    model, tmp_path, monkeypatch
):
    model.save(tmp_path / "model.keras")
    monkeypatch.delattr(socket, "socket")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    (tmp_path / "model.keras").unlink()  # 80 MB
    assert count(loaded.trainable_weights) == count(model.trainable_weights)
    for images in (IMAGES, np.resize(IMAGES, (2, 28, 45, 3))):
        probabilities = np.asarray(loaded(images))
        assert np.array_equal(probabilities, model(images))
        assert probabilities.dtype == np.float32
        assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(images)))


def test_the_layers_are_vgg19s_own_and_the_last_block_and_the_head_train(original, model):
    names = [layer.name for layer in model.layers]
    border = names.index("block5_conv1")
    own = slice(names.index("block1_conv1"), border + 5)
    assert names[own] == [layer.name for layer in original.layers[1:]]
    assert [layer.trainable for layer in model.layers] == [i >= border for i in range(len(names))]
    assert not model.compiled
    model.compile(keras.optimizers.SGD(10.0), "sparse_categorical_crossentropy", run_eagerly=True)
    step = functools.partial(model.fit, IMAGES, np.arange(4), verbose=0)
    assert moved(model.weights, step) == [weight.trainable for weight in model.weights]


def test_a_file_or_keras_cache_gives_what_keras_own_model_gives(original, tmp_path, monkeypatch):
    files = tmp_path / "models" / FILE, tmp_path / "models" / "notop.weights.h5"
    (tmp_path / "models").mkdir()
    for file in files:
        save_as_keras_does(file, original)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(module, "MD5", hashlib.md5(files[0].read_bytes()).hexdigest())
    monkeypatch.delattr(socket, "socket")
    expected = original(IMAGES / np.float32(255))
    for weights in (*files, "imagenet"):
        model = vgg19(32, 10, weights)
        features = keras.Model(model.input, model.get_layer("block5_pool").output)
        assert np.abs(features(IMAGES) - expected).max() <= 1e-6
    shutil.rmtree(tmp_path)  # 80 MB a file


def test_imagenet_weights_are_downloaded_once_and_checked(original, tmp_path, monkeypatch):
    save_as_keras_does(tmp_path / FILE, original)
    content = (tmp_path / FILE).read_bytes()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    with serve(content) as (url, requests):
        monkeypatch.setattr(module, "URL", url)
        with refused(rf"has the MD5 .*{FILE} .* {tmp_path}/home/models,"):
            vgg19(32, 10, "imagenet")
        assert not list((tmp_path / "home" / "models").iterdir())
        monkeypatch.setattr(module, "MD5", hashlib.md5(content).hexdigest())
        found = module.imagenet()
        assert module.imagenet() == found
    assert requests == ["HEAD", "GET"] * 2
    assert found.record["sha256"] == hashlib.sha256(content).hexdigest()
    (need,) = module.needs()
    assert need.is_present


@pytest.mark.parametrize("status", [403, 503])
def test_without_a_download_the_person_reads_which_file_belongs_where(
    tmp_path, monkeypatch, status
):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    where = rf"fetch {FILE} .* {tmp_path}/\.keras/models, or"
    with serve(b"", status=status) as (url, _):
        monkeypatch.setattr(module, "URL", url)
        with pytest.raises(InputError, match=rf"broke off \({status} .*{where}"):
            vgg19(32, 10, "imagenet")
    monkeypatch.setattr(module, "URL", "http://127.0.0.1:9/vgg19.h5")
    with pytest.raises(InputError, match=rf"127.0.0.1:9/vgg19.h5 cannot be reached .*{where}"):
        vgg19(32, 10, "imagenet")


@pytest.mark.parametrize("content", [None, b"nothing", 64, 5])
@pytest.mark.parametrize("name", ["other.h5", "other.weights.h5"])
def test_a_file_without_weights_of_this_network_is_refused(tmp_path, name, content):
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    elif content:  # too few layers, or another shape besides
        layers = [keras.Input((32, 32, 3)), keras.layers.Conv2D(content, 3)]
        save_as_keras_does(tmp_path / name, keras.Sequential(layers))
    with refused(f"{name} holds no weights of VGG19 without its top .*: fetch {FILE} and name"):
        vgg19(32, 10, tmp_path / name)


def test_images_too_small_for_five_halvings_are_refused():
    with refused("choose an image size of 32 or more instead of 31"):
        vgg19(31, 10, None)
