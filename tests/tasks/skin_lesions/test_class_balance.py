import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.tasks.skin_lesions.class_balance import ClassBalancedRows
from keras_suite.training.fit import Fit, run_fit
from keras_suite.training.rows import ArrayRows

COUNTS = np.array([60, 9, 0, 31])  # class 2 has no rows
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(4), COUNTS))
INPUTS = np.arange(100, dtype="float32")[:, None]
SIZES = st.lists(st.integers(0, 40), min_size=2, max_size=5).filter(any)
HALF = {"sampling": 0.5, "weighting": 0.5}


def batches(given, seed=1, first=0, steps=15, batch_size=8):
    dataset = given.training_batches(batch_size, seed, tf.Variable(first, dtype=tf.int64), steps)
    assert len(dataset) == steps
    return list(dataset.as_numpy_iterator())


def as_lists(batches):
    return [[part.tolist() for part in batch] for batch in batches]


@pytest.mark.parametrize("balance", [{}, {"sampling": 1.0}, {"weighting": 1.0}, HALF])
def test_a_stream_goes_on_anywhere_and_inputs_labels_and_weights_belong_together(balance):
    given = ClassBalancedRows(INPUTS, LABELS, **balance)
    whole = batches(given)
    assert as_lists(whole) == as_lists(batches(given, steps=4) + batches(given, 1, 4, 11))
    assert as_lists(whole) != as_lists(batches(given, seed=2))
    for inputs, labels, *weights in whole:
        assert np.array_equal(labels, LABELS[inputs[:, 0].astype(int)])
        for each in weights:
            assert len(set(zip(labels, each, strict=True))) == len(set(labels))
    if "sampling" not in balance:  # the passes are those of any rows
        assert as_lists(b[:2] for b in whole) == as_lists(batches(ArrayRows(INPUTS, LABELS)))


@pytest.mark.parametrize(("sampling", "power"), [(1.0, 0.0), (0.5, 0.5), (0.25, 0.75)])
def test_classes_come_up_as_often_as_sampling_says_and_their_rows_equally_often(sampling, power):
    given = ClassBalancedRows(INPUTS, LABELS, sampling=sampling)
    ((inputs, labels),) = batches(given, steps=1, batch_size=60_000)
    share = np.bincount(labels, minlength=4) / len(labels)
    expected = np.where(COUNTS > 0, COUNTS.astype(float) ** power, 0)
    assert share == pytest.approx(expected / expected.sum(), abs=0.01)
    of_class_3 = np.bincount(inputs[:, 0].astype(int), minlength=100)[LABELS == 3]
    assert of_class_3 == pytest.approx(np.full(31, of_class_3.mean()), rel=0.15)


@settings(max_examples=8)
@given(SIZES, st.sampled_from([0.1, 0.5, 0.9]))
def test_sampling_and_weighting_that_add_up_to_1_give_every_class_the_same_part(counts, sampling):
    labels = np.repeat(np.arange(len(counts)), counts)
    given = ClassBalancedRows(labels[:, None], labels, sampling=sampling, weighting=1 - sampling)
    ((_, drawn, weights),) = batches(given, steps=1, batch_size=60_000)
    parts = np.bincount(drawn, weights, minlength=len(counts)) / len(drawn)
    present = np.array(counts) > 0
    assert parts == pytest.approx(present / present.sum(), abs=0.02)


def test_the_loss_is_that_of_the_weighted_rows_and_what_is_measured_is_not_weighted():
    """With a learning rate of 0 the loss can be done by hand."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4, activation="softmax")])
    loss, frozen = "sparse_categorical_crossentropy", keras.optimizers.SGD(0.0)
    model.compile(frozen, loss, metrics=["accuracy"])
    given = ClassBalancedRows(INPUTS / 100, LABELS, weighting=1.0)
    (entry,) = run_fit(Fit("weighted", model, given, given, epochs=1, batch_size=100, seed=0))
    losses = -np.log(model.predict(INPUTS / 100, verbose=0)[np.arange(100), LABELS])
    weights = 100 / (3 * COUNTS[LABELS])
    assert entry["loss"] == pytest.approx((weights * losses).mean(), rel=1e-5)
    assert entry["val_loss"] == pytest.approx(losses.mean(), rel=1e-5)
    assert entry["accuracy"] == pytest.approx(entry["val_accuracy"])
