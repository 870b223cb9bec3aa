import keras
import numpy as np
import pytest
from keras import layers

from keras_suite.tasks.skin_lesions.lesion_cnn import augmentation, lesion_cnn

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 28, 28, 3), dtype=np.uint8)


def test_three_blocks_and_a_dense_layer():
    network = lesion_cnn(7)
    assert [type(layer) for layer in network.layers] == [
        layers.Rescaling,
        *[layers.Conv2D, layers.MaxPooling2D] * 3,
        layers.Flatten, layers.Dropout, layers.Dense, layers.Dropout, layers.Dense,
    ]  # fmt: skip
    convolutions = 3 * 9 * 32 + 32 + 32 * 9 * 64 + 64 + 64 * 9 * 128 + 128
    dense = 3 * 3 * 128 * 128 + 128 + 128 * 7 + 7
    assert network.count_params() == convolutions + dense == 241_735


def test_uint8_images_go_in_and_probabilities_come_out():
    network = lesion_cnn(7)
    assert network.inputs[0].dtype == "uint8"
    outputs = network.predict(IMAGES, verbose=0)
    assert outputs.shape == (6, 7)
    assert outputs.dtype == np.float32
    assert np.allclose(outputs.sum(axis=1), 1, atol=1e-6)


def test_the_scaling_is_inside():
    network = lesion_cnn(7)
    scaled = keras.Model(network.inputs, network.layers[0].output)
    assert np.allclose(scaled.predict(IMAGES, verbose=0), IMAGES / 255, atol=1e-6)


def test_augmentation_has_no_parameters_and_does_nothing_outside_training():
    plain, augmented = lesion_cnn(7), lesion_cnn(7, augment=True)
    assert augmented.count_params() == plain.count_params()
    for target, source in zip(augmented.trainable_weights, plain.trainable_weights, strict=True):
        target.assign(source)
    expected = plain.predict(IMAGES, verbose=0)
    assert np.allclose(augmented.predict(IMAGES, verbose=0), expected, atol=1e-6)
    assert np.allclose(augmented(IMAGES, training=False), expected, atol=1e-6)


def test_training_images_are_changed_anew_each_time_and_stay_images():
    keras.utils.set_random_seed(0)
    change = augmentation()
    X = (IMAGES / 255).astype("float32")
    first, second = (np.asarray(change(X, training=True)) for _ in range(2))
    for changed in (first, second):
        assert changed.shape == X.shape
        assert changed.min() >= 0
        assert changed.max() <= 1
        assert np.abs(changed - X).mean(axis=(1, 2, 3)).min() > 0.05  # every image
    assert np.abs(first - second).mean() > 0.05


@pytest.mark.parametrize("augment", [False, True])
def test_a_saved_network_is_loaded_without_unsafe_code(tmp_path, augment):
    network = lesion_cnn(7, augment=augment)
    network.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    expected = network.predict(IMAGES, verbose=0)
    assert np.allclose(loaded.predict(IMAGES, verbose=0), expected, atol=1e-6)
