import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from keras_suite.tasks.siamese.triplet import MARGIN
from keras_suite.tasks.siamese.triplet_mining import (
    MinedTripletLoss,
    hard_triplets,
    mined_losses,
    mined_zero_loss,
    semi_hard_triplets,
    zero_loss_metrics,
    zero_loss_of_all,
)

# Whole numbers, so that equal distances are equal; most batches have ties and short classes.
rows = st.tuples(st.integers(0, 3), st.tuples(*[st.integers(-3, 3)] * 2))
batches = st.lists(rows, min_size=1, max_size=12)


def arrays(batch):
    labels = np.array([label for label, _ in batch])
    return labels, np.array([embedding for _, embedding in batch], "float32")


def squared_distances(embeddings):
    return ((embeddings[:, None] - embeddings) ** 2).sum(axis=-1)


def others(labels, anchor):
    """The rows that are positives, and those that are negatives, of an anchor."""
    numbers = np.arange(len(labels))
    same = labels == labels[anchor]
    return numbers[same & (numbers != anchor)], numbers[~same]


def hard_losses_one_by_one(labels, embeddings, margin):
    distances, losses = squared_distances(embeddings), []
    for a in range(len(labels)):
        positives, negatives = others(labels, a)
        if len(positives) and len(negatives):
            loss = distances[a, positives].max() - distances[a, negatives].min() + margin
            losses.append(max(loss, 0))
    return losses


def semi_hard_losses_one_by_one(labels, embeddings, margin):
    distances, losses = squared_distances(embeddings), []
    for a in range(len(labels)):
        positives, negatives = others(labels, a)
        for p in positives if len(negatives) else []:
            farther = [d for d in distances[a, negatives] if d > distances[a, p]]
            chosen = min(farther) if farther else distances[a, negatives].max()
            losses.append(max(distances[a, p] - chosen + margin, 0))
    return losses


@pytest.mark.parametrize(
    ("mining", "one_by_one"),
    [("hard", hard_losses_one_by_one), ("semi-hard", semi_hard_losses_one_by_one)],
)
@given(batch=batches, margin=st.sampled_from([0.5, 1.0, 4.0]))
def test_mined_losses_are_those_found_one_by_one(mining, one_by_one, batch, margin):
    labels, embeddings = arrays(batch)
    losses = mined_losses(labels, embeddings, mining, margin)
    assert np.array_equal(losses, np.array(one_by_one(labels, embeddings, margin), "float32"))


@pytest.mark.parametrize("mine", [hard_triplets, semi_hard_triplets])
@given(batch=batches)
def test_a_mined_triplet_has_two_rows_of_one_class_and_one_of_another(mine, batch):
    labels, embeddings = arrays(batch)
    anchor, positive, negative = np.asarray(mine(labels, embeddings)).T
    assert np.array_equal(labels[anchor], labels[positive])
    assert (anchor != positive).all()
    assert (labels[anchor] != labels[negative]).all()


@given(batch=batches, margin=st.sampled_from([0.5, 1.0, 4.0]))
def test_the_share_of_all_triplets_is_that_counted_one_by_one(batch, margin):
    labels, embeddings = arrays(batch)
    distances, shares = squared_distances(embeddings), []
    for a in range(len(labels)):
        positives, negatives = others(labels, a)
        for p in positives if len(negatives) else []:
            free = distances[a, p] - distances[a, negatives] + margin <= 0
            shares.append(free.mean())
    assert np.allclose(zero_loss_of_all(labels, embeddings, margin), shares)


def batch_of_random_unit_vectors(classes=4, images=3):
    embeddings = np.random.default_rng(0).normal(size=(classes * images, 5)).astype("float32")
    return np.repeat(np.arange(classes), images), embeddings / np.linalg.norm(
        embeddings, axis=1, keepdims=True
    )


def test_a_batch_of_p_classes_and_k_images_gives_one_hard_triplet_an_image_and_all_pairs():
    labels, embeddings = batch_of_random_unit_vectors()
    assert hard_triplets(labels, embeddings).shape == (12, 3)
    assert semi_hard_triplets(labels, embeddings).shape == (12 * 2, 3)
    assert zero_loss_of_all(labels, embeddings, MARGIN).shape == (12 * 2,)


@pytest.mark.parametrize("mining", ["hard", "semi-hard"])
def test_the_gradient_is_that_of_the_loss_one_by_one(mining):
    labels, embeddings = batch_of_random_unit_vectors()
    one_by_one = {"hard": hard_losses_one_by_one, "semi-hard": semi_hard_losses_one_by_one}
    embeddings = embeddings.astype("float64")

    def loss(vectors):
        return np.mean(one_by_one[mining](labels, vectors, MARGIN))

    variable = tf.Variable(embeddings, dtype=tf.float32)
    with tf.GradientTape() as tape:
        ours = MinedTripletLoss(mining)(labels, variable)
    assert float(ours) == pytest.approx(loss(embeddings), rel=1e-5)
    gradient = tf.convert_to_tensor(tape.gradient(ours, variable))
    for place in [(0, 0), (5, 2), (11, 4)]:
        step = np.zeros_like(embeddings)
        step[place] = 1e-6
        slope = (loss(embeddings + step) - loss(embeddings - step)) / 2e-6
        assert float(gradient[place]) == pytest.approx(slope, abs=1e-4)


def test_rows_in_one_place_have_a_loss_of_the_margin_and_a_finite_gradient():
    variable = tf.Variable(np.ones((4, 3), "float32"))
    for mining in ("hard", "semi-hard"):
        with tf.GradientTape() as tape:
            loss = MinedTripletLoss(mining)(np.array([0, 0, 1, 1]), variable)
        assert float(loss) == pytest.approx(MARGIN)
        assert not np.any(tf.convert_to_tensor(tape.gradient(loss, variable)))


def test_it_runs_inside_a_graph_on_batches_of_any_size():
    graph = tf.function(
        lambda labels, embeddings: mined_losses(labels, embeddings, "semi-hard", MARGIN),
        input_signature=[tf.TensorSpec([None], tf.int64), tf.TensorSpec([None, 5])],
    )
    for classes in (2, 4):
        labels, embeddings = batch_of_random_unit_vectors(classes)
        expected = mined_losses(labels, embeddings, "semi-hard", MARGIN)
        assert np.allclose(graph(labels, embeddings), expected)
    assert "While" not in {op.type for op in graph.get_concrete_function().graph.get_operations()}


def test_a_model_compiled_with_it_measures_it_and_is_reloaded_in_safe_mode(tmp_path):
    labels, embeddings = batch_of_random_unit_vectors()
    model = keras.Sequential([keras.Input((5,)), keras.layers.UnitNormalization()])
    loss = MinedTripletLoss("semi-hard", margin=0.3)
    model.compile("sgd", loss, metrics=zero_loss_metrics(loss))
    expected = {
        "loss": np.mean(mined_losses(labels, embeddings, "semi-hard", 0.3)),
        "zero_loss": np.mean(mined_zero_loss(labels, embeddings, "semi-hard", 0.3)),
        "zero_loss_of_all": np.mean(zero_loss_of_all(labels, embeddings, 0.3)),
    }
    assert 0 < expected["zero_loss"] < expected["zero_loss_of_all"] < 1
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    for each in (model, again):
        measured = each.evaluate(embeddings, labels, batch_size=12, verbose=0, return_dict=True)
        assert measured == pytest.approx(expected, rel=1e-5)
