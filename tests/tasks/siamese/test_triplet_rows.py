import numpy as np
import pytest
import tensorflow as tf

from keras_suite.tasks.siamese.siamese import embedding_tower, triplet_network
from keras_suite.tasks.siamese.triplet_rows import ClassRows, EmbeddedRows, TripletRows
from tests.data.refusals import refused

LABELS = np.arange(60) % 5
IMAGES = np.arange(60, dtype=np.uint8).repeat(100).reshape(60, 10, 10)  # image i shows i alone
TRIPLETS = TripletRows(IMAGES, LABELS, evaluation_batch=8)
CLASSES = ClassRows(IMAGES, LABELS, evaluation_batch=8, classes_per_batch=4)
both = pytest.mark.parametrize("rows", [TRIPLETS, CLASSES], ids=["triplets", "classes"])


def batches(rows, seed=1):
    start = tf.Variable(0, dtype=tf.int64)
    return list(rows.training_batches(8, seed, start, 6).as_numpy_iterator())


def as_lists(batches):
    return [[each.tolist() for each in tf.nest.flatten(batch)] for batch in batches]


def test_batches_are_of_the_drawn_images_with_zeros_or_their_labels():
    for images, labels in batches(TRIPLETS):
        assert all(each.shape == (8, 10, 10) and each.dtype == np.uint8 for each in images.values())
        assert np.array_equal(labels, np.zeros(8))
        classes = {name: LABELS[each[:, 0, 0]] for name, each in images.items()}
        assert (classes["anchor"] == classes["positive"]).all()
        assert (classes["anchor"] != classes["negative"]).all()
    for images, labels in batches(CLASSES):
        assert np.array_equal(labels, LABELS[images[:, 0, 0]])
        assert np.unique(labels, return_counts=True)[1].tolist() == [2] * 4


@both
def test_a_stream_begins_anywhere_as_it_would_have_gone_on(rows):
    whole = as_lists(batches(rows))
    assert whole[0] != whole[1]
    assert whole[0] != as_lists(batches(rows, seed=2))[0]
    first_step = tf.Variable(0, dtype=tf.int64)
    dataset = rows.training_batches(8, 1, first_step, 3)
    assert dataset.cardinality() == 3
    for first in (0, 3):
        first_step.assign(first)  # read each time the dataset is iterated
        assert as_lists(dataset.as_numpy_iterator()) == whole[first : first + 3]


@both
def test_validation_batches_are_the_same_every_time_and_as_many_as_the_images_fill(rows):
    validation = rows.validation_data()
    first, second = (as_lists(validation.as_numpy_iterator()) for _ in range(2))
    assert first == second
    assert len(first) == 8


def test_drawing_a_batch_of_a_large_set_materialises_no_more_than_the_batch():
    images = np.broadcast_to(np.uint8(7), (1_000_000, 1000, 1000))  # 1 TB if it were copied
    rows = TripletRows(images, np.arange(1_000_000) % 10, evaluation_batch=2)
    drawn, _ = rows.batch(2, np.random.default_rng(0))
    assert all(each.shape == (2, 1000, 1000) for each in drawn.values())


def test_batches_that_cannot_be_drawn_are_refused_at_once():
    with refused("Batches of 2 classes and 13 rows"):
        ClassRows(IMAGES, LABELS, evaluation_batch=26, classes_per_batch=2)
    with refused("Triplets need at least 2 classes"):
        TripletRows(IMAGES, np.zeros(60, int), evaluation_batch=8)


def test_rows_and_the_first_of_them_are_embedded_by_the_tower_of_either_model():
    tower = embedding_tower((10, 10), 4)
    embeddings = CLASSES.predict(tower)
    assert embeddings.shape == (60, 4)
    assert np.array_equal(embeddings, EmbeddedRows(IMAGES, LABELS).predict(triplet_network(tower)))
    few = CLASSES.first(7)  # too few for batches
    assert np.array_equal(few.images, IMAGES[:7])
    assert np.array_equal(few.labels, LABELS[:7])
