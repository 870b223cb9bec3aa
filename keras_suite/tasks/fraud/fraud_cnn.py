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

    Args:
        mean: of each feature over the training rows, float ``[features]``.
        variance: of each feature over the training rows, float ``[features]``.
        filters: of the two convolutions.
        dense_units: of both dense layers.
        dropout: rates after the first pooling, the second pooling and the first dense layer.

    Returns:
        An uncompiled model from raw features ``[n, features]`` float32 to the probabilities of
        (legitimate, fraud), ``[n, 2]`` float32.
    """
    features = len(mean)
    return keras.Sequential(
        [
            keras.Input((features,), name="features"),
            layers.Normalization(mean=mean, variance=variance, name="scaler"),
            layers.Reshape((features, 1)),
            layers.Conv1D(filters[0], 2, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling1D(2),
            layers.Dropout(dropout[0]),
            layers.Conv1D(filters[1], 2, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling1D(2),
            layers.Dropout(dropout[1]),
            layers.Flatten(),
            layers.Dense(dense_units, activation="relu"),
            layers.Dropout(dropout[2]),
            layers.Dense(dense_units, activation="relu"),
            layers.Dense(2, activation="softmax", name="probabilities"),
        ],
        name="fraud_cnn",
    )


def fraud_probability(outputs) -> dict:
    """Return the probability of fraud ``[n]``."""
    return {"fraud_probability": outputs[:, 1]}
