"""The one-dimensional convolutional network of the card-fraud reports."""

import keras
import numpy as np
from keras import layers


def fraud_cnn(
    mean: np.ndarray,
    variance: np.ndarray,
    *,
    filters: tuple[int, int] = (32, 64),
    dense_units: int = 64,
    dropout: tuple[float, float, float] = (0.2, 0.5, 0.5),
) -> keras.Model:
    """Build the network of report A, table 1, on features as they come from the table.

    With 29 features and the default sizes it has 33,570 parameters, 33,378 of them trainable.
    ``mean`` and ``variance`` are those of the training rows, float ``[features]``; the rates of
    dropout are for behind the first pooling, the second and the first of both dense layers.

    Returns:
        An uncompiled model from raw features ``[n, features]`` float32 to the probabilities of
        (legitimate, fraud), ``[n, 2]`` float32.
    """
    return keras.Sequential(
        [
            keras.Input((len(mean),), name="features"),
            layers.Normalization(mean=mean, variance=variance, name="scaler"),
            layers.Reshape((len(mean), 1)),
            *_block(filters[0], dropout[0]),
            *_block(filters[1], dropout[1]),
            layers.Flatten(),
            layers.Dense(dense_units, activation="relu"),
            layers.Dropout(dropout[2]),
            layers.Dense(dense_units, activation="relu"),
            layers.Dense(2, activation="softmax", name="probabilities"),
        ],
        name="fraud_cnn",
    )


def _block(filters: int, dropout: float) -> list[keras.Layer]:
    convolution = layers.Conv1D(filters, 2, activation="relu")
    scaled, halved = layers.BatchNormalization(), layers.MaxPooling1D(2)
    return [convolution, scaled, halved, layers.Dropout(dropout)]


def fraud_probability(outputs) -> dict:
    """Return the probability of fraud ``[n]``."""
    return {"fraud_probability": outputs[:, 1]}
