"""What a model with an adapter has to hold, to train and to keep."""

import math

import keras

from keras_suite.adapters.apply import lora_layers, weights_trained_whole


def parameter_counts(model: keras.Model) -> dict[str, float]:
    """Count parameters, each once, those that train, their share, and what they take in float32.

    With low-rank updates there is parameters_as_peft too, which counts PEFT's way: with the base's
    own head beside the one that trains.
    """
    total, trainable = model.count_params(), _count(model.trainable_weights)
    counts = {"parameters": total, "trainable": trainable, "trainable_share": trainable / total}
    counts["trained_weights_mb"] = 4 * trainable / 1e6
    if lora_layers(model):
        counts["parameters_as_peft"] = total + _count(weights_trained_whole(model).values())
    return counts


def _count(weights) -> int:
    return sum(math.prod(weight.shape) for weight in weights)
