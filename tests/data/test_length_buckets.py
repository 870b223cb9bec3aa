from itertools import chain

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from keras_suite.data.length_buckets import (
    as_dataset,
    in_row_order,
    length_batches,
    padding_share,
    sorted_batches,
)
from keras_suite.data.tokens import Encoded

PAD = 1
MAX_LENGTH = 37
ROW_LENGTHS = st.lists(st.integers(3, MAX_LENGTH), min_size=1, max_size=150)
SIZES = st.integers(1, 9)


def encoded_of(lengths, types=False):
    """Pairs of the given lengths; the ids of row i are 10 + i, so that a row can be told."""
    lengths = np.array(lengths)
    ids = np.repeat(10 + np.arange(len(lengths)), lengths).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    made = (np.arange(len(ids)) % 2).astype(np.int8) if types else None
    return Encoded(ids, offsets, made, MAX_LENGTH, truncated=0)


def batches_of(encoded, batch_size, seed=0, epoch=0):
    rows = np.arange(len(encoded))
    return list(length_batches(encoded, rows, batch_size, seed, PAD, epoch))


def rows_of(batches):
    return [rows.tolist() for _, rows in batches]


def check_inputs(encoded, inputs, rows):
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    assert ids.dtype == mask.dtype == np.int32
    assert ids.shape == mask.shape
    assert mask.sum(axis=1).tolist() == encoded.lengths[rows].tolist()
    for row, row_ids, row_mask in zip(rows, ids, mask, strict=True):
        own = slice(encoded.offsets[row], encoded.offsets[row + 1])
        assert (np.diff(row_mask) <= 0).all()
        assert row_ids[row_mask == 1].tolist() == encoded.input_ids[own].tolist()
        assert (row_ids[row_mask == 0] == PAD).all()


@given(ROW_LENGTHS, SIZES, st.integers(0, 5), st.integers(0, 5))
def test_every_row_comes_once_an_epoch_with_its_own_tokens(lengths, batch_size, seed, epoch):
    encoded = encoded_of(lengths)
    batches = batches_of(encoded, batch_size, seed, epoch)
    assert sorted(chain(*rows_of(batches))) == list(range(len(lengths)))
    assert len(batches) == -(-len(lengths) // batch_size)
    assert sum(len(rows) < batch_size for _, rows in batches) <= 1
    for inputs, rows in batches:
        check_inputs(encoded, inputs, rows)


@given(ROW_LENGTHS, SIZES)
def test_padding_never_goes_more_than_7_beyond_the_longest_row_of_the_batch(lengths, batch_size):
    encoded = encoded_of(lengths)
    for inputs, rows in batches_of(encoded, batch_size) + list(
        sorted_batches(encoded, batch_size, PAD)
    ):
        width = inputs["input_ids"].shape[1]
        assert 0 <= width - encoded.lengths[rows].max() <= 7
        assert width % 8 == 0
        assert width <= 40  # MAX_LENGTH, rounded up


@given(ROW_LENGTHS, SIZES)
def test_evaluation_is_sorted_and_its_outputs_find_back_to_their_rows(lengths, batch_size):
    encoded = encoded_of(lengths)
    batches = list(sorted_batches(encoded, batch_size, PAD))
    for inputs, rows in batches:
        check_inputs(encoded, inputs, rows)
    rows = np.concatenate([rows for _, rows in batches])
    assert rows.dtype == np.int64
    assert (np.diff(encoded.lengths[rows]) <= 0).all()
    outputs = np.concatenate([inputs["input_ids"][:, :2] for inputs, _ in batches])
    restored = in_row_order(outputs, rows)
    assert (restored == 10 + np.arange(len(lengths))[:, None]).all()


def test_the_order_is_a_function_of_seed_and_epoch_alone():
    encoded = encoded_of(np.random.default_rng(0).integers(3, MAX_LENGTH, 500))
    orders = {
        (seed, epoch): rows_of(batches_of(encoded, 8, seed, epoch))
        for seed in range(3)
        for epoch in range(3)
    }
    np.random.seed(1)
    for key, order in orders.items():
        assert rows_of(batches_of(encoded, 8, *key)) == order
    assert len({str(order) for order in orders.values()}) == 9


def test_neither_the_lengths_of_batches_nor_the_company_of_a_row_are_settled():
    encoded = encoded_of(np.random.default_rng(0).integers(3, MAX_LENGTH, 2000))
    first, second = (batches_of(encoded, 8, epoch=epoch) for epoch in range(2))
    longest = [encoded.lengths[rows].max() for _, rows in first]
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.2
    together = {frozenset(rows) for rows in rows_of(first)} & {
        frozenset(rows) for rows in rows_of(second)
    }
    assert not together


def test_types_come_along_where_there_are_any_and_are_0_on_padding():
    encoded = encoded_of([5, 11, 3], types=True)
    ((inputs, rows),) = batches_of(encoded, 3)
    types = inputs["token_type_ids"]
    assert types.dtype == np.int32
    for row, row_types in zip(rows, types, strict=True):
        own = encoded.token_type_ids[encoded.offsets[row] : encoded.offsets[row + 1]]
        assert row_types[: len(own)].tolist() == own.tolist()
        assert not row_types[len(own) :].any()
    assert "token_type_ids" not in batches_of(encoded_of([5]), 1)[0][0]


def test_a_label_too_few_is_refused_at_once():
    with pytest.raises(ValueError, match="2 labels for 3 pairs"):
        length_batches(encoded_of([5, 6, 7]), np.zeros(2, np.int64), 2, 0, PAD, 0)


def test_buckets_pad_far_less_than_one_length_for_all():
    lengths = np.random.default_rng(0).integers(3, MAX_LENGTH, 3000)
    encoded = encoded_of(lengths)
    share = padding_share(encoded, 16, seed=0)
    assert share["max_length"] == pytest.approx(1 - lengths.sum() / (3000 * MAX_LENGTH))
    cells = sum(inputs["input_ids"].size for inputs, _ in batches_of(encoded, 16))
    assert share["buckets"] == pytest.approx(1 - lengths.sum() / cells)
    assert share["buckets"] < 0.5 * share["max_length"]


@pytest.mark.parametrize("types", [False, True])
def test_a_dataset_holds_the_same_batches(types):
    encoded = encoded_of([5, 11, 3, 30, 17], types)
    batches = batches_of(encoded, 2)
    dataset = as_dataset(lambda: iter(batches), encoded, 2)
    assert dataset.cardinality() == 3
    for (inputs, rows), (tf_inputs, tf_rows) in zip(batches, dataset, strict=True):
        assert set(tf_inputs) == set(inputs)
        assert all(np.array_equal(tf_inputs[name], inputs[name]) for name in inputs)
        assert np.array_equal(tf_rows, rows)


class Seen(keras.layers.Layer):
    """Notes the first token of every row that passes."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def call(self, ids):
        tf.py_function(lambda ids: self.rows.extend(ids[:, 0].numpy() - 10), [ids], [])
        return keras.ops.cast(keras.ops.mean(ids, axis=1, keepdims=True), "float32")


def test_fit_sees_each_epochs_own_order_and_can_go_on_after_any():
    encoded = encoded_of(np.random.default_rng(0).integers(3, MAX_LENGTH, 40))
    labels = np.zeros(40, np.int64)

    def seen(epochs, initial_epoch=0):
        epoch, layer = tf.Variable(initial_epoch), Seen()
        inputs = {
            name: keras.Input((None,), dtype="int32", name=name)
            for name in ("input_ids", "attention_mask")
        }
        model = keras.Model(inputs, keras.layers.Dense(1)(layer(inputs["input_ids"])))
        model.compile("sgd", "mse", run_eagerly=False)
        clock = keras.callbacks.LambdaCallback(on_epoch_begin=lambda e, _: epoch.assign(e))
        dataset = as_dataset(
            lambda: length_batches(encoded, labels, 8, 0, PAD, int(epoch.numpy())), encoded, 8
        )
        model.fit(
            dataset,
            epochs=epochs,
            initial_epoch=initial_epoch,
            callbacks=[clock],
            verbose=0,
            shuffle=False,
        )
        return layer.rows

    expected = [list(chain(*rows_of(batches_of(encoded, 8, epoch=e)))) for e in range(3)]
    assert seen(3) == expected[0] + expected[1] + expected[2]
    assert seen(3, initial_epoch=2) == expected[2]
