import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.tasks.siamese import triplet_mining as mining
from keras_suite.tasks.siamese.triplet import MARGIN

MINE = {"hard": mining.hard_triplets, "semi-hard": mining.semi_hard_triplets}
# Whole numbers, so that equal distances are equal; most batches have ties and short classes.
rows = st.tuples(st.integers(0, 3), st.tuples(*[st.integers(-3, 3)] * 2))


def one_by_one(labels, embeddings, margin):
    """Losses of hard and of semi-hard triplets, and which share of all negatives costs nothing."""
    distances = ((embeddings[:, None] - embeddings) ** 2).sum(axis=-1)
    found = {"hard": [], "semi-hard": [], "free": []}
    for a, label in enumerate(labels):
        same = labels == label
        negatives, positives = distances[a, ~same], np.delete(distances[a], a)[np.delete(same, a)]
        if len(positives) and len(negatives):
            found["hard"].append(max(positives.max() - negatives.min() + margin, 0))
        for positive in positives if len(negatives) else ():
            farther = negatives[negatives > positive]
            chosen = farther.min() if len(farther) else negatives.max()
            found["semi-hard"].append(max(positive - chosen + margin, 0))
            found["free"].append((positive - negatives + margin <= 0).mean())
    return found


@settings(max_examples=50)
@given(st.lists(rows, min_size=1, max_size=12), st.sampled_from([0.5, 1.0, 4.0]))
def test_triplets_are_of_two_classes_and_cost_what_is_found_one_by_one(batch, margin):
    labels = np.array([label for label, _ in batch])
    embeddings = np.array([embedding for _, embedding in batch], "float32")
    expected = one_by_one(labels, embeddings, margin)
    for name, mine in MINE.items():
        anchor, positive, negative = np.asarray(mine(labels, embeddings)).T
        assert np.array_equal(labels[anchor], labels[positive])
        assert (anchor != positive).all()
        assert (labels[anchor] != labels[negative]).all()
        losses = mining.mined_losses(labels, embeddings, name, margin)
        assert np.array_equal(losses, np.array(expected[name], "float32"))
    assert np.allclose(mining.zero_loss_of_all(labels, embeddings, margin), expected["free"])


@pytest.fixture
def batch():
    """Unit vectors of 4 classes, 3 of each."""
    embeddings = np.random.default_rng(0).normal(size=(12, 5)).astype("float32")
    return np.arange(12) // 3, embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


def loss_and_gradient(name, labels, embeddings):
    variable = tf.Variable(embeddings, dtype=tf.float32)
    with tf.GradientTape() as tape:
        loss = mining.MinedTripletLoss(name)(labels, variable)
    return float(loss), np.asarray(tf.convert_to_tensor(tape.gradient(loss, variable)))


@pytest.mark.parametrize("name", MINE)
def test_the_gradient_is_that_of_the_loss_one_by_one(name, batch):
    labels, embeddings = batch[0], batch[1].astype("float64")
    gradient = loss_and_gradient(name, labels, embeddings)[1]
    direction = np.random.default_rng(1).normal(size=embeddings.shape)
    steps = (embeddings + step * direction for step in (-1e-6, 1e-6))
    before, after = (np.mean(one_by_one(labels, each, MARGIN)[name]) for each in steps)
    assert (gradient * direction).sum() == pytest.approx((after - before) / 2e-6, abs=1e-4)
    # In one place, all cost the margin, and nothing leads anywhere.
    loss, gradient = loss_and_gradient(name, np.array([0, 0, 1, 1]), np.ones((4, 3)))
    assert loss == pytest.approx(MARGIN)
    assert not gradient.any()


def test_a_model_compiled_with_it_measures_it_and_is_reloaded_in_safe_mode(batch, tmp_path):
    labels, embeddings = batch
    model = keras.Sequential([keras.Input((5,)), keras.layers.UnitNormalization()])
    loss = mining.MinedTripletLoss("semi-hard", margin=0.3)
    model.compile("sgd", loss, metrics=mining.zero_loss_metrics(loss))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    measured = again.evaluate(embeddings, labels, verbose=0, return_dict=True)
    expected = one_by_one(labels, embeddings, 0.3)
    losses, free = np.array(expected["semi-hard"]), np.mean(expected["free"])
    shares = {"zero_loss": (losses == 0).mean(), "zero_loss_of_all": free}
    assert measured == pytest.approx({"loss": losses.mean(), **shares}, rel=1e-5)
    assert 0 < shares["zero_loss"] < free < 1
