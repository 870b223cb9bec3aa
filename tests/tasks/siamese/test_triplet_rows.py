import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_suite.errors import InputError
from keras_suite.tasks.siamese.siamese import embedding_tower, triplet_network
from keras_suite.tasks.siamese.triplet import mean_output, zero_loss
from keras_suite.tasks.siamese.triplet_mining import MinedTripletLoss
from keras_suite.tasks.siamese.triplet_rows import ClassRows, EmbeddedRows, TripletRows
from keras_suite.training.fit import Fit, run_fit
from tests.training.fits import StopAt, same_to_the_bit, without_seconds

LABELS = np.arange(60) % 5
IMAGES = np.zeros((60, 10, 10), np.uint8) + np.arange(60, dtype=np.uint8)[:, None, None]
"""Image i shows i everywhere, so that a batch tells which rows it holds."""


def triplet_rows():
    return TripletRows(IMAGES, LABELS, evaluation_batch=8)


def class_rows():
    return ClassRows(IMAGES, LABELS, evaluation_batch=8, classes_per_batch=4)


both = pytest.mark.parametrize("make_rows", [triplet_rows, class_rows])


def batches(rows, seed=1, first_step=0, steps=6):
    first_step = tf.Variable(first_step, dtype=tf.int64)
    return list(rows.training_batches(8, seed, first_step, steps).as_numpy_iterator())


def as_lists(batches):
    return [[each.tolist() for each in tf.nest.flatten(batch)] for batch in batches]


def test_a_batch_of_triplets_has_three_images_each_and_zeros():
    for images, labels in batches(triplet_rows()):
        assert set(images) == {"anchor", "positive", "negative"}
        assert all(each.shape == (8, 10, 10) and each.dtype == np.uint8 for each in images.values())
        assert np.array_equal(labels, np.zeros(8))
        classes = {name: LABELS[each[:, 0, 0]] for name, each in images.items()}
        assert (classes["anchor"] == classes["positive"]).all()
        assert (classes["anchor"] != classes["negative"]).all()


def test_a_batch_of_classes_has_as_many_images_of_each_and_their_labels():
    for images, labels in batches(class_rows()):
        assert np.array_equal(labels, LABELS[images[:, 0, 0]])
        assert np.unique(labels, return_counts=True)[1].tolist() == [2] * 4


@both
def test_a_stream_begins_anywhere_as_it_would_have_gone_on(make_rows):
    whole = as_lists(batches(make_rows(), steps=6))
    for first in (1, 4):
        rest = as_lists(batches(make_rows(), first_step=first, steps=6 - first))
        assert rest == whole[first:]
    assert whole[0] != whole[1]
    assert whole != as_lists(batches(make_rows(), seed=2))


@both
def test_where_a_stream_begins_is_read_each_time_it_is_iterated(make_rows):
    first_step = tf.Variable(0, dtype=tf.int64)
    dataset = make_rows().training_batches(8, 1, first_step, 2)
    assert dataset.cardinality() == 2
    seen = as_lists(dataset.as_numpy_iterator())
    first_step.assign(2)
    seen += as_lists(dataset.as_numpy_iterator())
    assert seen == as_lists(batches(make_rows(), steps=4))


@both
def test_validation_batches_are_the_same_every_time(make_rows):
    dataset = make_rows().validation_data()
    first, second = (as_lists(dataset.as_numpy_iterator()) for _ in range(2))
    assert first == second
    assert len(first) == 8
    assert first[0] != first[1]


def test_drawing_a_batch_of_a_large_set_materialises_no_more_than_the_batch():
    images = np.broadcast_to(np.uint8(7), (1_000_000, 10, 10))  # 100 MB if it were copied
    rows = TripletRows(images, np.arange(1_000_000) % 10, evaluation_batch=8)
    ((drawn, _),) = batches(rows, steps=1)
    assert sum(each.nbytes for each in drawn.values()) == 3 * 8 * 100


def test_batches_that_cannot_be_drawn_are_refused_at_once():
    with pytest.raises(InputError, match="Batches of 6 classes and 1 rows"):
        ClassRows(IMAGES, LABELS, evaluation_batch=6, classes_per_batch=6)
    with pytest.raises(InputError, match="Batches of 2 classes and 13 rows"):
        ClassRows(IMAGES, LABELS, evaluation_batch=26, classes_per_batch=2)
    with pytest.raises(InputError, match="Triplets need at least 2 classes"):
        TripletRows(IMAGES, np.zeros(60, int), evaluation_batch=8)


def make_fit(mining):
    keras.utils.set_random_seed(3)
    tower = embedding_tower((10, 10), 4)
    if mining == "random":
        model, rows = triplet_network(tower), triplet_rows()
        model.compile("adam", mean_output, metrics=[zero_loss])
    else:
        model, rows = tower, class_rows()
        model.compile("adam", MinedTripletLoss(mining))
    return Fit(mining, model, rows, rows, epochs=3, batch_size=8, seed=1)


@pytest.mark.parametrize("mining", ["random", "semi-hard"])
def test_a_fit_stopped_in_an_epoch_goes_on_to_the_same_weights_to_the_bit(tmp_path, mining):
    undisturbed = make_fit(mining)
    expected = run_fit(undisturbed)
    with pytest.raises(KeyboardInterrupt):
        run_fit(make_fit(mining), tmp_path / "state.npz", [StopAt(1, 3)])
    resumed = make_fit(mining)
    history = run_fit(resumed, tmp_path / "state.npz")
    assert same_to_the_bit(undisturbed, resumed)
    assert without_seconds(history) == without_seconds(expected)
    assert set(history[0]) >= {"loss", "val_loss"}


def test_the_towers_embeddings_are_predicted_of_either_model():
    tower = embedding_tower((10, 10), 4)
    rows = EmbeddedRows(IMAGES, LABELS)
    assert len(rows) == 60
    embeddings = rows.predict(tower)
    assert embeddings.shape == (60, 4)
    assert np.array_equal(embeddings, rows.predict(triplet_network(tower)))
    assert np.array_equal(embeddings, triplet_rows().predict(tower))


def test_the_first_images_are_rows_of_their_own():
    few = class_rows().first(7)
    assert type(few) is EmbeddedRows
    assert np.array_equal(few.images, IMAGES[:7])
    assert np.array_equal(few.labels, LABELS[:7])
    assert len(few.first(100)) == 7
