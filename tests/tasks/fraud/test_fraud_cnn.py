import numpy as np
import pytest
from keras import layers

from keras_suite.tasks.fraud.fraud_cnn import fraud_cnn


def test_the_layers_are_those_of_report_a_table_1():
    model = fraud_cnn(np.zeros(29), np.ones(29))
    kinds = " ".join(type(layer).__name__ for layer in model.layers)
    block = "Conv1D BatchNormalization MaxPooling1D Dropout"
    assert kinds == f"Normalization Reshape {block} {block} Flatten Dense Dropout Dense Dense"
    sized = [layer for layer in model.layers if isinstance(layer, (layers.Conv1D, layers.Dense))]
    assert [(getattr(s, "filters", None) or s.units, s.activation.__name__) for s in sized] == [
        *((32, "relu"), (64, "relu")),
        *((64, "relu"), (64, "relu"), (2, "softmax")),
    ]
    dropouts = [layer.rate for layer in model.layers if isinstance(layer, layers.Dropout)]
    assert dropouts == [0.2, 0.5, 0.5]
    convolutions = (2 * 1 * 32 + 32) + (2 * 32 * 64 + 64)  # each of two rows
    dense = (6 * 64 * 64 + 64) + (64 * 64 + 64) + (64 * 2 + 2)
    assert model.count_params() == convolutions + dense + 4 * (32 + 64) == 33_570
    assert sum(weight.numpy().size for weight in model.trainable_weights) == 33_378


def test_the_scaler_is_inside_so_raw_features_go_in_and_probabilities_come_out():
    raw = np.random.default_rng(0).normal(100, 25, (50, 29)).astype("float32")
    model = fraud_cnn(raw.mean(0), raw.var(0))
    scaled = model.get_layer("scaler")(raw).numpy()
    assert scaled.mean(0) == pytest.approx(np.zeros(29), abs=1e-4)
    assert scaled.std(0) == pytest.approx(np.ones(29), abs=1e-4)
    outputs = np.asarray(model(raw))
    assert outputs.shape == (50, 2)
    assert outputs.sum(axis=1) == pytest.approx(np.ones(50))
