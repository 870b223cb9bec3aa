import keras
import numpy as np
import pytest

from keras_suite.tasks.siamese.siamese import embedding_tower, tower_of, triplet_network
from keras_suite.tasks.siamese.triplet import mean_output, triplet_loss, zero_loss

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 28, 28)).astype("uint8")


@pytest.fixture
def tower():
    keras.utils.set_random_seed(0)
    return embedding_tower((28, 28), 64)


def test_the_tower_is_the_reports(tower):
    kinds = [type(layer).__name__ for layer in tower.layers]
    assert kinds == [
        "Rescaling", "Reshape", "Conv2D", "Conv2D", "Conv2D", "MaxPooling2D",
        "Flatten", "Dense", "Dense", "UnitNormalization",
    ]  # fmt: skip
    assert [layer.filters for layer in tower.layers if hasattr(layer, "filters")] == [32] * 3
    convolutions = 320 + 2 * (9 * 32 * 32 + 32)
    assert tower.count_params() == convolutions + (11 * 11 * 32 + 1) * 128 + (128 + 1) * 64


def test_uint8_images_are_scaled_inside_and_unit_vectors_come_out(tower):
    assert np.allclose(tower.layers[0](np.full((1, 28, 28), 255, "uint8")), 1)
    embeddings = tower.predict(IMAGES, verbose=0)
    assert embeddings.shape == (6, 64)
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)


def test_the_network_gives_the_losses_of_its_towers_embeddings(tower):
    network = triplet_network(tower, margin=0.1)
    anchor, positive, negative = np.split(IMAGES, 3)
    images = {"anchor": anchor, "positive": positive, "negative": negative}
    losses = network.predict(images, verbose=0)
    embeddings = [tower.predict(each, verbose=0) for each in images.values()]
    assert losses.shape == (2,)
    assert np.allclose(losses, triplet_loss(embeddings, margin=0.1), atol=1e-6)
    assert losses.max() > 0


def test_the_three_images_share_one_towers_weights(tower):
    network = triplet_network(tower)
    assert network.count_params() == tower.count_params()
    assert tower_of(network) is tower
    assert tower_of(tower) is tower


def test_the_network_is_reloaded_in_safe_mode_and_loses_as_before(tower, tmp_path):
    network = triplet_network(tower, margin=0.7)
    network.compile("adam", mean_output, metrics=[zero_loss])
    images = dict(zip(("anchor", "positive", "negative"), np.split(IMAGES, 3), strict=True))
    network.train_on_batch(images, np.zeros(2))
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras", safe_mode=True)
    assert np.array_equal(again.predict(images, verbose=0), network.predict(images, verbose=0))
    measured = [each.evaluate(images, np.zeros(2), verbose=0) for each in (network, again)]
    assert measured[0] == measured[1]
