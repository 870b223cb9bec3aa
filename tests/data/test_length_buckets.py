from itertools import chain, islice, product

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.data.length_buckets import TextRows
from keras_suite.data.tokens import Encoded

PAD = 1
MAX_LENGTH = 37
ROW_LENGTHS = st.lists(st.integers(3, MAX_LENGTH), min_size=1, max_size=150)
SIZES = st.integers(1, 9)


def rows_of(lengths, types=False):
    """Pairs of the given lengths; the ids of row i are 10 + i and its label is i."""
    lengths = np.array(lengths)
    numbers = np.arange(len(lengths))
    ids = np.repeat(10 + numbers, lengths).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    made = (np.arange(len(ids)) % 2).astype(np.int8) if types else None
    return TextRows(Encoded(ids, offsets, made, MAX_LENGTH, truncated=0), numbers, PAD)


def random_rows(count):
    return rows_of(np.random.default_rng(0).integers(3, MAX_LENGTH, count))


def batches_of(rows, batch_size, seed=0, pass_number=0):
    """The batches of one pass."""
    steps = -(-len(rows) // batch_size)
    return list(islice(rows.stream(batch_size, seed, pass_number * steps), steps))


def labels_of(batches):
    return [labels.tolist() for _, labels in batches]


class Echo:
    """Stands for a model; its outputs are the first two tokens of each row."""

    def predict(self, dataset, verbose):
        assert verbose == 0
        self.batches = list(dataset.as_numpy_iterator())
        assert len(self.batches) == dataset.cardinality()
        return np.concatenate([inputs["input_ids"][:, :2] for inputs in self.batches])


def check_inputs(rows, inputs, numbers):
    encoded, lengths = rows.encoded, rows.encoded.lengths[numbers]
    width = -(-lengths.max() // 8) * 8
    is_token = np.arange(width) < lengths[:, None]
    expected = {"attention_mask": is_token, "input_ids": np.full(is_token.shape, PAD)}
    if encoded.token_type_ids is not None:
        expected["token_type_ids"] = np.zeros(is_token.shape)
    assert set(inputs) == set(expected)
    for name, array in expected.items():
        if name != "attention_mask":
            of_rows = np.split(getattr(encoded, name), encoded.offsets[1:-1])
            array[is_token] = np.concatenate([of_rows[number] for number in numbers])
        assert inputs[name].dtype == np.int32
        assert np.array_equal(inputs[name], array)


@given(ROW_LENGTHS, SIZES, st.integers(0, 5), st.integers(0, 5), st.booleans())
def test_every_row_comes_once_a_pass_with_its_own_tokens_and_little_padding(
    lengths, batch_size, seed, pass_number, types
):
    rows = rows_of(lengths, types)
    batches = batches_of(rows, batch_size, seed, pass_number)
    assert sorted(chain(*labels_of(batches))) == list(range(len(lengths)))
    assert sum(len(labels) < batch_size for _, labels in batches) <= 1
    for inputs, labels in batches:
        check_inputs(rows, inputs, labels)


@settings(max_examples=8)
@given(ROW_LENGTHS, SIZES)
def test_predictions_are_in_the_order_of_the_rows_of_which_the_longest_went_first(
    lengths, batch_size
):
    rows, model = rows_of(lengths), Echo()
    outputs = rows.predict(model, batch_size)
    assert (outputs == 10 + np.arange(len(lengths))[:, None]).all()
    numbers = [inputs["input_ids"][:, 0] - 10 for inputs in model.batches]
    assert (np.diff(rows.encoded.lengths[np.concatenate(numbers)]) <= 0).all()
    for inputs, of_batch in zip(model.batches, numbers, strict=True):
        check_inputs(rows, inputs, of_batch)


def test_the_order_is_a_function_of_seed_and_pass_alone():
    rows = random_rows(500)
    keys = list(product(range(3), repeat=2))
    orders = [labels_of(batches_of(rows, 8, *key)) for key in keys]
    np.random.seed(1)
    assert [labels_of(batches_of(rows, 8, *key)) for key in keys] == orders
    assert len(set(map(str, orders))) == 9


def test_batches_save_padding_but_settle_neither_their_lengths_nor_the_company_of_a_row():
    rows = random_rows(2000)
    first, second = (batches_of(rows, 8, pass_number=number) for number in range(2))
    longest = [rows.encoded.lengths[labels].max() for _, labels in first]
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.2
    together = [set(map(frozenset, labels_of(batches))) for batches in (first, second)]
    assert not set.intersection(*together)
    in_buckets = sum(inputs["input_ids"].size for inputs, _ in first)  # much less padding
    tokens = rows.encoded.lengths.sum()
    assert 1 - tokens / in_buckets < 0.5 * (1 - tokens / (2000 * MAX_LENGTH))


def test_a_label_too_few_is_refused_at_once():
    with pytest.raises(ValueError, match="2 labels for 3 rows"):
        TextRows(rows_of([5, 6, 7]).encoded, np.zeros(2, np.int64), PAD)


def test_a_dataset_holds_the_streams_batches_from_any_step_that_its_variable_tells():
    rows = rows_of([5, 11, 3, 30, 17], types=True)  # 3 batches a pass
    first_step = tf.Variable(0, dtype=tf.int64)
    dataset = rows.training_batches(2, 0, first_step, steps=4)
    assert dataset.cardinality() == 4
    for step in (0, 20, 3, 2, 7):
        first_step.assign(step)
        expected = islice(rows.stream(2, 0, 0), step, step + 4)
        for (inputs, labels), (tf_inputs, tf_labels) in zip(expected, dataset, strict=True):
            tf.nest.map_structure(np.testing.assert_array_equal, tf_inputs, inputs)
            assert np.array_equal(tf_labels, labels)
