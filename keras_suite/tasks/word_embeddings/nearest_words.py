"""The nearest neighbours of words as a Keras model: words in, words and cosines out.

Import this before ``keras.saving.load_model``, which needs :class:`NearestRows`.
"""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="keras_suite")
class NearestRows(keras.layers.Layer):
    """From ids ``[n]`` to those of the ``count`` closest rows of a table, and their cosines.

    Both ``[n, count]``, int32 and float32. Row 0 stands for what is unknown: it is close to nothing
    and nothing to it, and for id 0 there are zeros.
    """

    def __init__(self, rows: int, dimension: int, count: int, **kwargs):
        super().__init__(**kwargs)
        self.rows, self.count = rows, count
        self.table = keras.layers.Embedding(rows, dimension, trainable=False, name="table")
        self.table.build()

    def call(self, ids):
        """Find neighbours."""
        cosines = tf.matmul(self.table(ids), self.table.embeddings, transpose_b=True)
        # Neither the word itself nor what is unknown counts as a neighbour.
        for these in ids, tf.zeros_like(ids[:1]):
            cosines += tf.one_hot(these, self.rows, on_value=-np.inf, off_value=0.0)
        cosines, neighbours = tf.math.top_k(cosines, self.count)
        is_known = (ids > 0)[:, None]
        return keras.ops.where(is_known, neighbours, 0), keras.ops.where(is_known, cosines, 0.0)


def nearest_words(words: Sequence[str], vectors: np.ndarray, count: int = 10) -> keras.Model:
    """Build a model that finds ``count`` neighbours, fewer than there are words with vectors.

    No word is "", and none comes twice.

    Returns:
        A model from words ``[n]`` string to ``neighbours`` ``[n, count]`` string, the closest
        first, their ``cosines`` ``[n, count]`` float32 and ``known`` ``[n]`` bool; for an unknown
        word the neighbours are "" and the cosines 0.
    """
    # The one text that is no word: Keras' own "[UNK]" may be one of a file's.
    to_id = keras.layers.StringLookup(oov_token="", name="to_id")
    to_word = keras.layers.StringLookup(oov_token="", invert=True, name="to_word")
    for lookup in (to_id, to_word):
        lookup.set_vocabulary(list(words))  # as an argument it would be stored twice
    nearest = NearestRows(len(words) + 1, vectors.shape[1], count, name="nearest")
    asked = keras.Input((), dtype="string", name="words")
    ids = to_id(asked)
    neighbours, cosines = nearest(ids)
    outputs = {"neighbours": to_word(neighbours), "cosines": cosines, "known": ids > 0}
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = vectors / np.where(lengths == 0, 1, lengths)
    nearest.table.set_weights([np.concatenate([np.zeros_like(units[:1]), units])])
    return keras.Model(asked, outputs, name="nearest_words")
