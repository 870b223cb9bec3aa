import keras
import numpy as np
import pytest

from keras_suite.tasks.skin_lesions.lesion_cnn import augmentation, lesion_cnn

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 28, 28, 3), dtype=np.uint8)


def test_three_blocks_and_a_dense_layer_make_probabilities_of_uint8_images():
    network = lesion_cnn(7)
    kinds = " ".join(type(layer).__name__ for layer in network.layers)
    blocks = " ".join(["Conv2D MaxPooling2D"] * 3)
    assert kinds == f"Rescaling {blocks} Flatten Dropout Dense Dropout Dense"
    convolutions = 3 * 9 * 32 + 32 + 32 * 9 * 64 + 64 + 64 * 9 * 128 + 128
    dense = 3 * 3 * 128 * 128 + 128 + 128 * 7 + 7
    assert network.count_params() == convolutions + dense == 241_735
    assert network.inputs[0].dtype == "uint8"
    assert np.allclose(network.layers[0](IMAGES), IMAGES / 255, atol=1e-6)
    outputs = np.asarray(network(IMAGES))
    assert outputs.dtype == np.float32
    assert outputs.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-6)


def test_augmentation_does_nothing_outside_training_and_all_comes_back_from_a_file(tmp_path):
    plain, augmented = lesion_cnn(7), lesion_cnn(7, augment=True)
    for target, source in zip(augmented.trainable_weights, plain.trainable_weights, strict=True):
        target.assign(source)
    expected = np.asarray(plain(IMAGES))
    augmented.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    for network in (augmented, loaded):
        assert network.count_params() == plain.count_params()
        assert np.allclose(network.predict(IMAGES, verbose=0), expected, atol=1e-6)


def test_training_images_are_changed_anew_each_time_and_stay_images():
    keras.utils.set_random_seed(0)
    change, X = augmentation(), (IMAGES / 255).astype("float32")
    first, second = (np.asarray(change(X, training=True)) for _ in range(2))
    for one, other in ((first, X), (second, X), (first, second)):
        assert one.shape == X.shape
        assert 0 <= one.min() < one.max() <= 1
        assert np.abs(one - other).mean(axis=(1, 2, 3)).min() > 0.05  # every image
