"""Batches of pairs of about the same length, so that little of a batch is padding."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from keras_suite.data.tokens import Encoded

if TYPE_CHECKING:
    import tensorflow as tf

Batch = tuple[dict[str, np.ndarray], np.ndarray]

BATCHES_SORTED_TOGETHER = 50
"""More would waste less padding and leave less to chance in which rows meet in a batch."""
WIDTHS_ARE_MULTIPLES_OF = 8
"""So that a model meets few shapes."""


def length_batches(
    encoded: Encoded, labels: np.ndarray, batch_size: int, seed: int, pad_id: int, epoch: int
) -> Iterator[Batch]:
    """Give every row once, in an order that is a function of ``seed`` and ``epoch`` alone.

    The rows are shuffled, every 50 batches' worth of them is sorted by length and cut into
    batches, and the batches are shuffled.

    Args:
        encoded: n pairs.
        labels: ``[n]`` int64.
        batch_size: rows of a batch; one batch may have fewer.
        seed: of the order.
        pad_id: the token that fills up the shorter rows.
        epoch: from 0.

    Returns:
        Inputs and their labels ``[rows]``. The inputs are ``input_ids``, ``attention_mask`` (1 for
        a token, 0 for padding) and, where ``encoded`` has them, ``token_type_ids``; each
        ``[rows, width]`` int32, the width being the longest row's length in this batch, rounded up
        to a multiple of 8.

    Raises:
        ValueError: where there is not one label for each pair.
    """
    if len(labels) != len(encoded):
        raise ValueError(f"{len(labels)} labels for {len(encoded)} pairs")
    batches = _shuffled(encoded, batch_size, seed, epoch)
    return ((_padded(encoded, rows, pad_id), labels[rows]) for rows in batches)


def sorted_batches(encoded: Encoded, batch_size: int, pad_id: int) -> Iterator[Batch]:
    """Give every row once, the longest first, each batch with the numbers of its rows.

    Args:
        encoded: n pairs.
        batch_size: rows of a batch; the last may have fewer.
        pad_id: the token that fills up the shorter rows.

    Returns:
        Inputs as :func:`length_batches` gives them, and the rows' places in ``encoded``,
        ``[rows]`` int64. :func:`in_row_order` puts outputs back in their places.
    """
    order = np.argsort(-encoded.lengths, kind="stable")
    return ((_padded(encoded, rows, pad_id), rows) for rows in _cut(order, batch_size))


def in_row_order(outputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Put the outputs of :func:`sorted_batches` back in the order of the pairs.

    Args:
        outputs: ``[n, ...]``, those of all batches one after the other.
        rows: ``[n]`` int64, the row numbers of all batches one after the other.

    Returns:
        ``[n, ...]``, of which entry i belongs to pair i.
    """
    restored = np.empty_like(outputs)
    restored[rows] = outputs
    return restored


def as_dataset(
    batches: Callable[[], Iterator[Batch]], encoded: Encoded, batch_size: int
) -> "tf.data.Dataset":
    """Wrap batches for ``fit``, ``evaluate`` and ``predict``.

    Args:
        batches: called each time the dataset is iterated, so that each epoch can have its order:
            ``lambda: length_batches(..., epoch=int(epoch))`` with a variable ``epoch``.
        encoded: the pairs the batches are made of.
        batch_size: as the batches have it.

    Returns:
        A dataset of ceil(n / batch_size) batches, unknown in both of their dimensions.
    """
    import tensorflow as tf

    names = ["input_ids", "attention_mask"]
    if encoded.token_type_ids is not None:
        names.append("token_type_ids")
    inputs = {name: tf.TensorSpec([None, None], tf.int32) for name in names}
    signature = (inputs, tf.TensorSpec([None], tf.int64))
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    count = -(-len(encoded) // batch_size)
    return dataset.apply(tf.data.experimental.assert_cardinality(count))


def padding_share(encoded: Encoded, batch_size: int, seed: int) -> dict[str, float]:
    """Measure which share of all tokens of an epoch is padding.

    Returns:
        "max_length": with every row padded to ``encoded.max_length``; "buckets": with the first
        epoch of :func:`length_batches`. Both in [0, 1).
    """
    lengths = encoded.lengths
    batches = _shuffled(encoded, batch_size, seed, epoch=0)
    in_buckets = sum(len(rows) * _width(lengths[rows]) for rows in batches)
    tokens = lengths.sum()
    return {
        "max_length": 1 - float(tokens) / (len(encoded) * encoded.max_length),
        "buckets": 1 - float(tokens) / in_buckets,
    }


def _shuffled(encoded: Encoded, batch_size: int, seed: int, epoch: int) -> list[np.ndarray]:
    """Rows of each batch of an epoch."""
    rng = np.random.default_rng([seed, epoch])
    lengths = encoded.lengths
    batches = []
    for some in _cut(rng.permutation(len(encoded)), batch_size * BATCHES_SORTED_TOGETHER):
        batches += _cut(some[np.argsort(lengths[some], kind="stable")], batch_size)
    return [batches[i] for i in rng.permutation(len(batches))]


def _cut(rows: np.ndarray, size: int) -> list[np.ndarray]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _width(lengths: np.ndarray) -> int:
    return -(-int(lengths.max()) // WIDTHS_ARE_MULTIPLES_OF) * WIDTHS_ARE_MULTIPLES_OF


def _padded(encoded: Encoded, rows: np.ndarray, pad_id: int) -> dict[str, np.ndarray]:
    starts, ends = encoded.offsets[rows], encoded.offsets[rows + 1]
    lengths = ends - starts
    places = np.arange(_width(lengths))
    is_token = places < lengths[:, None]
    picks = np.where(is_token, starts[:, None] + places, 0)
    batch = {
        "input_ids": np.where(is_token, encoded.input_ids[picks], np.int32(pad_id)),
        "attention_mask": is_token.astype(np.int32),
    }
    if encoded.token_type_ids is not None:
        types = np.where(is_token, encoded.token_type_ids[picks], np.int8(0))
        batch["token_type_ids"] = types.astype(np.int32)
    return batch
