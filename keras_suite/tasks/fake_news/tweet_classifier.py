"""Two heads of one probability on a text encoder."""

from collections.abc import Callable
from typing import Literal

import keras
import tensorflow as tf

from keras_suite.layers.adopted import Adopted


def tweet_classifier(
    encoder: Adopted, head: Literal["cls", "gru"], units: int = 128, token_types: bool = False
) -> keras.Model:
    """Tell real from fake by the first token alone, or by all of them in their order.

    Report C, models 1 ("cls": the first token's vector, Dense 1) and 2 and 3 ("gru": all vectors,
    bidirectional GRU, Dense 1). An encoder that shall stay as it is must be frozen before, by
    :meth:`Adopted.freeze`.

    Args:
        encoder: gives the last hidden state, ``[rows, tokens, width]``.
        head: which.
        units: of the GRU, in each direction; the report names no number.
        token_types: whether inputs have ``token_type_ids``.

    Returns:
        From a dict of ``input_ids``, ``attention_mask`` and, where asked for, ``token_type_ids``
        (each ``[rows, tokens]`` int32) to the probability of label 1, ``[rows, 1]`` float32. Not
        compiled.
    """
    names = ["input_ids", "attention_mask"] + ["token_type_ids"] * token_types
    inputs = {name: keras.Input([None], name=name, dtype="int32") for name in names}
    features = encoder(inputs)
    if head == "cls":
        features = features[:, 0]
    else:
        gru = keras.layers.Bidirectional(keras.layers.GRU(units), name="gru")
        features = gru(features, mask=inputs["attention_mask"])
    outputs = keras.layers.Dense(1, activation="sigmoid", dtype="float32", name="head")(features)
    return keras.Model(inputs, outputs)


def serving_signature(model: keras.Model) -> tuple[Callable, list]:
    """Return what :func:`keras_suite.serving.export.export` wants of a :func:`tweet_classifier`.

    Returns:
        A function from a dict of the model's inputs to ``probability`` ``[rows]`` float32 of
        label 1, and the inputs' specifications.
    """

    def serving_default(inputs):
        """Token ids in, the probability of the second class out."""
        return {"probability": model(inputs)[:, 0]}

    specs = {name: tf.TensorSpec([None, None], tf.int32, name=name) for name in model.input}
    return serving_default, [specs]
