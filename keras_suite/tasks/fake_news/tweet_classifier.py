"""Two heads of one probability on a text encoder."""

from typing import Literal

import keras

from keras_suite.layers.adopted import Adopted


def tweet_classifier(
    encoder: Adopted, head: Literal["cls", "gru"], units: int = 128, token_types: bool = False
) -> keras.Model:
    """Tell real from fake by the first token alone, or by all of them in their order.

    Report C, models 1 ("cls": the first token's vector, Dense 1) and 2 and 3 ("gru": all vectors,
    bidirectional GRU of ``units`` in each direction, of which the report names no number, Dense 1).
    The encoder gives the last hidden state ``[rows, tokens, width]``; one that shall stay as it is
    must be frozen before, by :meth:`Adopted.freeze`.

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


def probability(outputs) -> dict:
    """Return the probability of label 1 ``[rows]``."""
    return {"probability": outputs[:, 0]}
