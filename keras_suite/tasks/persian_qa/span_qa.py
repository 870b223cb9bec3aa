"""Extractive question answering: where in its context a question's answer begins and ends."""

from typing import Any

import keras

from keras_suite.layers.adopted import Adopted
from keras_suite.tasks.persian_qa.windows import PADDING_LOGIT


def span_qa(encoder: Adopted, dropout: float, token_types: bool = False) -> keras.Model:
    """Put a dense layer on an encoder that gives each token two logits.

    The layer has the name and first values of that of transformers' ``...ForQuestionAnswering``.

    The encoder is one of :mod:`keras_suite.models.encoders` with ``tokens=True``, on whose last
    hidden state the dropout is.

    Returns:
        From a dict of ``input_ids``, ``attention_mask`` and, where asked for, ``token_type_ids``
        (each ``[rows, tokens]`` int32) to logits ``[rows, tokens, 2]`` float32, the answer's start
        and end; those of padding are -1e9. Not compiled; has the encoder's name.
    """
    names = ["input_ids", "attention_mask"] + ["token_type_ids"] * token_types
    inputs = {name: keras.Input([None], name=name, dtype="int32") for name in names}
    features = keras.layers.Dropout(dropout)(encoder(inputs))
    start: Any = keras.initializers.TruncatedNormal(stddev=encoder.module.config.initializer_range)
    dense = keras.layers.Dense(2, kernel_initializer=start, name="qa_outputs", dtype="float32")
    is_token: Any = keras.ops.expand_dims(inputs["attention_mask"], 2)
    logits = keras.ops.where(is_token > 0, dense(features), PADDING_LOGIT)
    return keras.Model(inputs, logits, name=encoder.name)


@keras.saving.register_keras_serializable("keras_suite")
def span_loss(labels, logits) -> Any:
    """Return the mean of the cross-entropies over the tokens of start and end, ``[rows]`` float32.

    Labels are the places of start and end, integers ``[rows, 2]``; logits ``[rows, tokens, 2]``.
    """
    labels, logits = keras.ops.cast(labels, "int32"), keras.ops.swapaxes(logits, 1, 2)
    each = keras.ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    return keras.ops.mean(each, axis=1)


def span_optimizer(
    model: keras.Model, learning_rate: float, weight_decay: float, steps_per_epoch: int
) -> keras.optimizers.AdamW:
    """Return AdamW with a learning rate that each epoch divides by 10.

    Biases and the weights of normalisation, all that have one axis, do not decay; of the others, a
    step takes off the share ``weight_decay``, multiplied by the learning rate.
    """
    schedule: Any = keras.optimizers.schedules.ExponentialDecay(
        learning_rate, decay_steps=steps_per_epoch, decay_rate=0.1, staircase=True
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=weight_decay)
    optimizer.exclude_from_weight_decay([w for w in model.weights if len(w.shape) == 1])
    return optimizer


def start_and_end(logits) -> dict:
    """Return the logits of an answer's start and end, ``[rows, tokens]`` each."""
    return {"start_logits": logits[..., 0], "end_logits": logits[..., 1]}
