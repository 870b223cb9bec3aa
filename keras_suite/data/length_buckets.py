"""Batches of texts or pairs of about the same length, so that little of a batch is padding."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_suite.data.tokens import Encoded

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

Inputs = dict[str, np.ndarray]

EVALUATION_BATCH = 64
# More would waste less padding and leave less to chance in which rows meet in a batch.
BATCHES_SORTED_TOGETHER = 50
WIDTHS_ARE_MULTIPLES_OF = 8  # so that a model meets few shapes


@dataclass(frozen=True)
class TextRows:
    """Labelled texts or pairs, to train a model on and to measure it.

    A model gets a dict of ``input_ids``, ``attention_mask`` (1 for a token, 0 for padding) and,
    where ``encoded`` has them, ``token_type_ids``; each ``[rows, width]`` int32, the width being
    the longest row's length in the batch, rounded up to a multiple of 8.

    The n texts or pairs have labels ``[n, ...]`` int64; the token ``pad_id`` fills up short rows.

    Raises:
        ValueError: where there is not one label for each of them.
    """

    encoded: Encoded
    labels: np.ndarray
    pad_id: int

    def __post_init__(self):
        if len(self.labels) != len(self.encoded):
            raise ValueError(f"{len(self.labels)} labels for {len(self.encoded)} rows")

    def __len__(self) -> int:
        """The number of texts or pairs."""
        return len(self.encoded)

    def stream(
        self, batch_size: int, seed: int, first_step: int
    ) -> Iterator[tuple[Inputs, np.ndarray]]:
        """Give batches without end, pass after pass over all rows, from ``first_step`` on.

        In each pass the rows are shuffled, every 50 batches' worth of them is sorted by length and
        cut into batches, and the batches are shuffled; all by ``seed`` and the pass's number alone.
        One batch of a pass may have fewer rows than ``batch_size``.

        Yields:
            Inputs and their labels ``[rows, ...]``.
        """
        first_pass, done = divmod(first_step, -(-len(self) // batch_size))
        passes = (_shuffled(self.encoded, batch_size, seed, number) for number in count(first_pass))
        for rows in islice(chain.from_iterable(passes), done, None):
            yield self.inputs(rows), self.labels[rows]

    def training_batches(
        self, batch_size: int, seed: int, first_step: "tf.Variable", steps: int
    ) -> "tf.data.Dataset":
        """Wrap ``steps`` batches of :meth:`stream` for ``fit``.

        The int64 ``first_step`` is read each time the dataset is iterated.
        """
        import tensorflow as tf

        signature = self._signature(), tf.TensorSpec([None, *self.labels.shape[1:]], tf.int64)

        def batches() -> Iterable:
            return islice(self.stream(batch_size, seed, int(first_step.numpy())), steps)

        return _dataset(batches, signature, steps)

    def validation_data(self) -> None:
        """Nothing for Keras to measure: it would take a forward pass besides :meth:`predict`'s."""

    def predict(self, model: "keras.Model", batch_size: int = EVALUATION_BATCH) -> np.ndarray:
        """Return the model's outputs ``[n, ...]`` in the order of the rows.

        The longest rows go first, so that what does not fit into memory fails at once.
        """
        batches = self.longest_first(batch_size)
        inputs = _dataset(lambda: map(self.inputs, batches), self._signature(), len(batches))
        outputs = model.predict(inputs, verbose=0)  # pyright: ignore[reportArgumentType]
        in_row_order = np.empty_like(outputs)
        in_row_order[np.concatenate(batches)] = outputs
        return in_row_order

    def predict_tokens(
        self, model: "keras.Model", batch_size: int = EVALUATION_BATCH
    ) -> np.ndarray:
        """Return what a model of outputs ``[rows, width, ...]`` makes of each token.

        It is ``[tokens, ...]``, one row after the other as in ``encoded``, without padding.
        """
        lengths, starts = self.encoded.lengths, self.encoded.offsets[:-1]
        in_order: Any = None
        for rows in self.longest_first(batch_size):
            outputs = model.predict_on_batch(self.inputs(rows))
            if in_order is None:
                in_order = np.empty((self.encoded.offsets[-1], *outputs.shape[2:]), outputs.dtype)
            for row, output in zip(rows, outputs, strict=True):
                in_order[starts[row] : starts[row] + lengths[row]] = output[: lengths[row]]
        return in_order

    def inputs(self, rows: np.ndarray) -> Inputs:
        """Return a batch of some rows, as a model gets them."""
        encoded, starts = self.encoded, self.encoded.offsets[rows]
        lengths = encoded.offsets[rows + 1] - starts
        places = np.arange(lengths.max() + -lengths.max() % WIDTHS_ARE_MULTIPLES_OF)
        is_token = places < lengths[:, None]
        picks = np.where(is_token, starts[:, None] + places, 0)
        batch = {
            "input_ids": np.where(is_token, encoded.input_ids[picks], np.int32(self.pad_id)),
            "attention_mask": is_token.astype(np.int32),
        }
        if encoded.token_type_ids is not None:
            batch["token_type_ids"] = encoded.token_type_ids[picks] * batch["attention_mask"]
        return batch

    def first(self, count: int) -> Inputs:
        """Return the first rows as one batch, or all where there are fewer."""
        return self.inputs(np.arange(min(count, len(self))))

    def longest_first(self, batch_size: int) -> list[np.ndarray]:
        """Return the rows of batches that hold all rows once, the longest first."""
        return _cut(np.argsort(-self.encoded.lengths, kind="stable"), batch_size)

    def _signature(self) -> "dict[str, tf.TensorSpec]":
        import tensorflow as tf

        names = TextRows.inputs(self, np.arange(1))
        return dict.fromkeys(names, tf.TensorSpec([None, None], tf.int32))


def _dataset(batches: Callable[[], Iterable], signature, size: int) -> "tf.data.Dataset":
    import tensorflow as tf

    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(size))


def _shuffled(encoded: Encoded, batch_size: int, seed: int, pass_number: int) -> list[np.ndarray]:
    """Rows of each batch of a pass."""
    rng, lengths, batches = np.random.default_rng([seed, pass_number]), encoded.lengths, []
    for some in _cut(rng.permutation(len(encoded)), batch_size * BATCHES_SORTED_TOGETHER):
        batches += _cut(some[np.argsort(lengths[some], kind="stable")], batch_size)
    return [batches[i] for i in rng.permutation(len(batches))]


def _cut(rows: np.ndarray, size: int) -> list[np.ndarray]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
