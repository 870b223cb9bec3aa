import keras
import numpy as np
import pytest

from keras_suite.tasks.siamese.siamese import embedding_tower, tower_of, triplet_network
from keras_suite.tasks.siamese.triplet import mean_output, triplet_loss, zero_loss

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 12, 12)).astype("uint8")
TRIPLETS = dict(zip(("anchor", "positive", "negative"), np.split(IMAGES, 3), strict=True))


@pytest.fixture(scope="module")
def tower():
    keras.utils.set_random_seed(0)
    return embedding_tower((12, 12), 8)


def test_the_tower_is_the_reports_scales_uint8_images_and_gives_unit_vectors(tower):
    convolutions = 320 + 2 * (9 * 32 * 32 + 32)
    dense = (11 * 11 * 32 + 1) * 128 + (128 + 1) * 64
    assert embedding_tower((28, 28), 64).count_params() == convolutions + dense
    assert np.allclose(tower.layers[0](np.full((1, 12, 12), 255, "uint8")), 1)
    embeddings = tower.predict_on_batch(IMAGES)
    assert embeddings.shape == (6, 8)
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)


def test_the_loss_is_the_reports_in_a_case_done_by_hand():
    anchor = np.array([[0.0, 0], [0, 0], [1, 2]], "float32")
    positive = np.array([[1.0, 0], [0, 0], [1, 2]], "float32")
    negative = np.array([[0.0, 0.5], [0.5, 0], [4, 6]], "float32")
    embeddings = [anchor, positive, negative]
    assert np.allclose(triplet_loss(embeddings), [1 - 0.25 + 0.4, 0 - 0.25 + 0.4, 0])
    assert list(zero_loss(None, triplet_loss(embeddings, margin=0.25))) == [0, 1, 1]


def test_the_network_gives_the_losses_of_its_one_tower_also_when_reloaded_in_safe_mode(
    tower, tmp_path
):
    network = triplet_network(tower, margin=0.1)
    assert network.count_params() == tower.count_params()
    assert tower_of(network) is tower_of(tower) is tower
    losses = network.predict_on_batch(TRIPLETS)
    embeddings = [tower.predict_on_batch(each) for each in TRIPLETS.values()]
    assert np.allclose(losses, triplet_loss(embeddings, margin=0.1), atol=1e-6)
    assert losses.max() > 0
    network.compile("sgd", mean_output, metrics=[zero_loss])
    network.optimizer.build(network.trainable_variables)
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras", safe_mode=True)
    assert np.array_equal(again.predict_on_batch(TRIPLETS), losses)
    measured = again.test_on_batch(TRIPLETS, np.full(2, 7), return_dict=True)  # of any labels
    assert measured == pytest.approx({"loss": losses.mean(), "zero_loss": (losses == 0).mean()})
