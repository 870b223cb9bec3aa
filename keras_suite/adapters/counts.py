"""What a model with an adapter has to hold, to train and to keep."""

import math

import keras

from keras_suite.adapters.apply import lora_layers, weights_trained_whole


def parameter_counts(model: keras.Model) -> dict[str, float]:
    """Count parameters, ours and PEFT's way.

    Returns:
        parameters (each once), trainable, trainable_share (of parameters), and trained_weights_mb:
        the megabytes of what must be kept for each task, float32; with low-rank updates also
        parameters_as_peft, which keeps the base's own head beside the one it trains.
    """
    total, trainable = model.count_params(), _count(model.trainable_weights)
    counts = {
        "parameters": total,
        "trainable": trainable,
        "trainable_share": trainable / total,
        "trained_weights_mb": 4 * trainable / 1e6,
    }
    if lora_layers(model):
        counts["parameters_as_peft"] = total + _count(weights_trained_whole(model).values())
    return counts


def _count(weights) -> int:
    return sum(math.prod(weight.shape) for weight in weights)
