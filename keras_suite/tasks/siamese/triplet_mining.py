"""The triplet loss of triplets chosen among all that a batch of labelled embeddings holds."""

from typing import Any, Literal

import keras
import tensorflow as tf

from keras_suite.tasks.siamese.triplet import MARGIN, triplet_loss

Mining = Literal["semi-hard", "hard"]


@keras.saving.register_keras_serializable("keras_suite")
class MinedTripletLoss(keras.losses.Loss):
    """Mean loss of the triplets mined in a batch of labels ``[n]`` and embeddings ``[n, size]``.

    They are those of :func:`semi_hard_triplets` or :func:`hard_triplets`.
    """

    def __init__(self, mining: Mining, margin: float = MARGIN, name: str = "mined_triplet_loss"):
        super().__init__(name=name)
        self.mining: Mining = mining
        self.margin = margin

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Return the loss of each mined triplet."""
        return mined_losses(y_true, y_pred, self.mining, self.margin)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {"mining": self.mining, "margin": self.margin, "name": self.name}


def mined_losses(
    labels: tf.Tensor, embeddings: tf.Tensor, mining: Mining, margin: float
) -> tf.Tensor:
    """Return the loss of each triplet that is mined in a batch, ``[triplets]``."""
    mine = {"semi-hard": semi_hard_triplets, "hard": hard_triplets}[mining]
    triplets = mine(labels, embeddings)
    return triplet_loss([tf.gather(embeddings, triplets[:, part]) for part in range(3)], margin)


@keras.saving.register_keras_serializable("keras_suite")
def mined_zero_loss(
    labels: tf.Tensor, embeddings: tf.Tensor, mining: Mining, margin: float
) -> tf.Tensor:
    """Return 1 for each mined triplet that costs nothing, else 0, ``[triplets]`` (a metric)."""
    return tf.cast(mined_losses(labels, embeddings, mining, margin) == 0, tf.float32)


@keras.saving.register_keras_serializable("keras_suite")
def zero_loss_of_all(labels: tf.Tensor, embeddings: tf.Tensor, margin: float) -> tf.Tensor:
    """Return, for each pair of anchor and positive, which share of all negatives costs nothing.

    With as many rows of each class, the mean of this metric ``[pairs]`` is the share of all
    triplets of the batch.
    """
    distances, positive, negative = _pairs(labels, embeddings)
    nearest_first = tf.sort(_where(negative, distances), axis=1)
    too_near = tf.searchsorted(nearest_first, distances + margin, side="left")
    all_negatives = tf.reduce_sum(tf.cast(negative, tf.int32), axis=1, keepdims=True)
    share = tf.cast(1 - too_near / all_negatives, tf.float32)
    return share[positive & (all_negatives > 0)]


def zero_loss_metrics(loss: MinedTripletLoss) -> list[keras.metrics.Metric]:
    """Return what to compile a model with beside the loss: ``zero_loss``, ``zero_loss_of_all``."""
    mean, given = keras.metrics.MeanMetricWrapper, {"margin": loss.margin}
    mined = mean(mined_zero_loss, name="zero_loss", mining=loss.mining, **given)
    return [mined, mean(zero_loss_of_all, name="zero_loss_of_all", **given)]


def hard_triplets(labels: tf.Tensor, embeddings: tf.Tensor) -> tf.Tensor:
    """Choose for each anchor its farthest positive and its nearest negative (batch hard).

    Hermans, Beyer & Leibe, "In defense of the triplet loss", 2017, arXiv:1703.07737.

    Returns:
        Row numbers of anchor, positive and negative, ``[anchors, 3]`` int64; a row with no
        positive or no negative in the batch is no anchor.
    """
    distances, positive, negative = _pairs(labels, embeddings)
    farthest = tf.argmax(tf.where(positive, distances, -1.0), axis=1)
    nearest = tf.argmin(_where(negative, distances), axis=1)
    anchors = tf.where(tf.reduce_any(positive, axis=1) & tf.reduce_any(negative, axis=1))[:, 0]
    return tf.stack([anchors, tf.gather(farthest, anchors), tf.gather(nearest, anchors)], axis=1)


def semi_hard_triplets(labels: tf.Tensor, embeddings: tf.Tensor) -> tf.Tensor:
    """Choose for each pair of anchor and positive the nearest negative that is farther than it.

    Where none is farther, the farthest negative. Schroff, Kalenichenko & Philbin, "FaceNet", 2015,
    arXiv:1503.03832.

    Returns:
        Row numbers of anchor, positive and negative, ``[pairs, 3]`` int64; rows with no negative in
        the batch are in no pair.
    """
    distances, positive, negative = _pairs(labels, embeddings)
    distances_to_negatives = _where(negative, distances)
    nearest_first = tf.argsort(distances_to_negatives, axis=1)
    ascending = tf.gather(distances_to_negatives, nearest_first, batch_dims=1)
    farther = tf.searchsorted(ascending, distances, side="right")
    last = tf.reduce_sum(tf.cast(negative, tf.int32), axis=1, keepdims=True) - 1
    chosen = tf.gather(nearest_first, tf.maximum(tf.minimum(farther, last), 0), batch_dims=1)
    pairs = tf.where(positive & (last >= 0))
    return tf.concat([pairs, tf.cast(tf.gather_nd(chosen, pairs), tf.int64)[:, None]], axis=1)


def _pairs(labels: tf.Tensor, embeddings: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return squared distances, and which pairs are an anchor with a positive, or a negative."""
    squares = tf.reduce_sum(tf.square(embeddings), axis=1)
    products = tf.matmul(embeddings, embeddings, transpose_b=True)
    distances = tf.maximum(squares[:, None] - 2 * products + squares, 0.0)
    same: Any = labels[:, None] == labels
    oneself: Any = tf.eye(tf.shape(labels)[0], dtype=tf.bool)
    return distances, same & ~oneself, ~same


def _where(chosen: tf.Tensor, distances: tf.Tensor) -> tf.Tensor:
    """Return the distances that are chosen, and infinity in the place of the others."""
    return tf.where(chosen, distances, tf.constant(float("inf")))
