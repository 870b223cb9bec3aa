import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.tasks.skin_lesions.class_balance import ClassBalancedRows
from keras_suite.training.fit import Fit, run_fit
from keras_suite.training.rows import ArrayRows
from tests.training.fits import StopAt, make_fit, same_to_the_bit, without_seconds

COUNTS = [60, 9, 0, 31]  # class 2 has no rows
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(4), COUNTS))
INPUTS = np.arange(100, dtype="float32")[:, None]


def rows(**balance):
    return ClassBalancedRows(INPUTS, LABELS, **balance)


def batches(given, seed=1, first=0, steps=6, batch_size=8):
    dataset = given.training_batches(batch_size, seed, tf.Variable(first, dtype=tf.int64), steps)
    assert len(dataset) == steps
    return [tuple(part.numpy() for part in batch) for batch in dataset]


def same(first, second):
    pairs = [zip(x, y, strict=True) for x, y in zip(first, second, strict=True)]
    return all(np.array_equal(a, b) for pair in pairs for a, b in pair)


BALANCES = [{}, {"sampling": 1.0}, {"weighting": 1.0}, {"sampling": 0.5, "weighting": 0.5}]


@pytest.mark.parametrize("balance", BALANCES)
def test_a_stream_goes_on_anywhere_as_if_it_had_not_been_stopped(balance):
    given = rows(**balance)
    assert same(batches(given, steps=15), batches(given, steps=4) + batches(given, 1, 4, 11))
    assert not same(batches(given, seed=1), batches(given, seed=2))


@pytest.mark.parametrize("balance", BALANCES)
def test_inputs_labels_and_weights_belong_together(balance):
    for inputs, labels, *weights in batches(rows(**balance)):
        assert np.array_equal(labels, LABELS[inputs[:, 0].astype(int)])
        for each in weights:
            assert len(
                {(label, weight) for label, weight in zip(labels, each, strict=True)}
            ) == len(set(labels))


def test_without_balance_the_batches_are_those_of_any_rows():
    assert same(batches(rows(), steps=20), batches(ArrayRows(INPUTS, LABELS), steps=20))


def test_weights_alone_leave_the_passes_as_they_are():
    weighted = batches(rows(weighting=1.0), steps=20)
    plain = batches(ArrayRows(INPUTS, LABELS), steps=20)
    assert same([batch[:2] for batch in weighted], plain)


def test_the_weights_of_a_class_are_the_inverse_of_its_size_and_their_mean_over_rows_is_1():
    weighted = batches(rows(weighting=1.0), steps=13)  # one pass
    labels, weights = (np.concatenate([batch[i] for batch in weighted]) for i in (1, 2))
    assert weights.mean() == pytest.approx(1)
    expected = {label: 100 / (3 * COUNTS[label]) for label in (0, 1, 3)}
    assert weights == pytest.approx([expected[label] for label in labels])


@pytest.mark.parametrize(("sampling", "power"), [(1.0, 0.0), (0.5, 0.5), (0.25, 0.75)])
def test_classes_come_up_as_often_as_sampling_says(sampling, power):
    (_, labels), *_ = batches(rows(sampling=sampling), steps=1, batch_size=40_000)
    share = np.bincount(labels, minlength=4) / len(labels)
    expected = np.where(np.array(COUNTS) > 0, np.array(COUNTS, float) ** power, 0)
    assert share == pytest.approx(expected / expected.sum(), abs=0.01)


def test_the_rows_of_a_class_come_up_equally_often():
    ((inputs, _),) = batches(rows(sampling=1.0), steps=1, batch_size=90_000)
    of_class_3 = np.bincount(inputs[:, 0].astype(int), minlength=100)[LABELS == 3]
    assert of_class_3 == pytest.approx(np.full(31, 30_000 / 31), rel=0.15)


counts = st.lists(st.integers(0, 40), min_size=2, max_size=5).filter(any)


@settings(max_examples=8)
@given(counts, st.sampled_from([0.1, 0.5, 0.9]))
def test_sampling_and_weighting_that_add_up_to_1_give_every_class_the_same_part(counts, sampling):
    labels = np.repeat(np.arange(len(counts)), counts)
    given = ClassBalancedRows(labels[:, None], labels, sampling=sampling, weighting=1 - sampling)
    ((_, drawn, weights),) = batches(given, steps=1, batch_size=60_000)
    parts = np.bincount(drawn, weights, minlength=len(counts)) / len(drawn)
    present = np.array(counts) > 0
    assert parts == pytest.approx(present / present.sum(), abs=0.02)


def test_what_is_measured_is_neither_drawn_nor_weighted():
    given = rows(sampling=0.5, weighting=0.5)
    ((inputs, labels),) = given.validation_data()
    assert np.array_equal(inputs, INPUTS)
    assert np.array_equal(labels, LABELS)


def test_the_loss_is_that_of_the_weighted_rows():
    """With a learning rate of 0 the loss can be done by hand."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4, activation="softmax")])
    model.compile(
        keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    given = ClassBalancedRows(INPUTS / 100, LABELS, weighting=1.0)
    (entry,) = run_fit(Fit("weighted", model, given, given, epochs=1, batch_size=100, seed=0))
    p = model.predict(INPUTS / 100, verbose=0)
    losses = -np.log(p[np.arange(100), LABELS])
    weights = 100 / (3 * np.array(COUNTS)[LABELS])
    assert entry["loss"] == pytest.approx((weights * losses).mean(), rel=1e-5)
    assert entry["val_loss"] == pytest.approx(losses.mean(), rel=1e-5)
    assert entry["accuracy"] == pytest.approx(entry["val_accuracy"])


def test_a_fit_stopped_anywhere_goes_on_to_the_same_weights_to_the_bit(tmp_path):
    def balanced():
        fit = make_fit()
        rows = ClassBalancedRows(*fit.train, sampling=0.5, weighting=0.5)
        return dataclasses.replace(fit, train=rows)

    undisturbed, resumed = balanced(), balanced()
    expected = run_fit(undisturbed)
    with pytest.raises(KeyboardInterrupt):
        run_fit(balanced(), tmp_path / "state.npz", [StopAt(1, 7)])
    history = run_fit(resumed, tmp_path / "state.npz")
    assert same_to_the_bit(undisturbed, resumed)
    assert without_seconds(history) == without_seconds(expected)
