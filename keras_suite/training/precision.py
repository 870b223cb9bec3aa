"""Training in a shorter float type, with weights, gradients and optimizer in float32."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import keras

from keras_suite.layers.transformers_tf import tf_keras

Precision = Literal["float32", "bfloat16"]


@contextmanager
def computing_in(precision: Precision) -> Iterator[None]:
    """Build models that compute in this type, those adopted from transformers included.

    A model's own file would bring its layers back in mixed types: to save one, build it anew in
    float32 and give it the weights (:func:`in_float32`).
    """
    before = keras.config.dtype_policy(), tf_keras.mixed_precision.global_policy()
    name = "float32" if precision == "float32" else f"mixed_{precision}"
    try:
        keras.config.set_dtype_policy(name)
        tf_keras.mixed_precision.set_global_policy(name)
        yield
    finally:
        keras.config.set_dtype_policy(before[0])
        tf_keras.mixed_precision.set_global_policy(before[1])


def in_float32(model: keras.Model, rebuilt: keras.Model) -> keras.Model:
    """Give the weights of a model to the same one built in float32, and return that."""
    for mine, its in zip(model.weights, rebuilt.weights, strict=True):
        its.assign(mine)
    return rebuilt
