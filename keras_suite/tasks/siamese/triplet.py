"""The triplet loss as a layer, and what a model that ends in it is compiled with (report D)."""

import keras
import tensorflow as tf

MARGIN = 0.4


@keras.saving.register_keras_serializable("keras_suite")
def triplet_loss(embeddings: list[tf.Tensor], margin: float = MARGIN) -> tf.Tensor:
    """Compute max(||a - p||² - ||a - n||² + margin, 0) ``[n]``, for a ``keras.layers.Lambda``.

    Args:
        embeddings: of anchors a, positives p and negatives n, each ``[n, size]``.
        margin: by how much a negative must be farther than the positive to cost nothing.
    """
    anchor, positive, negative = embeddings
    to_positive = tf.reduce_sum(tf.square(anchor - positive), axis=-1)
    to_negative = tf.reduce_sum(tf.square(anchor - negative), axis=-1)
    return tf.nn.relu(to_positive - to_negative + margin)


@keras.saving.register_keras_serializable("keras_suite")
def mean_output(zeros: tf.Tensor, losses: tf.Tensor) -> tf.Tensor:
    """Return the outputs ``[n]`` of a model that ends in its loss; Keras takes the mean.

    The labels are zeros, which Keras asks for and nothing depends on.
    """
    return losses


@keras.saving.register_keras_serializable("keras_suite")
def zero_loss(zeros: tf.Tensor, losses: tf.Tensor) -> tf.Tensor:
    """Return 1 for a triplet that costs nothing and teaches nothing, else 0 (a metric)."""
    return tf.cast(losses == 0, tf.float32)
