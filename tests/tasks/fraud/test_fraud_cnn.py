import numpy as np
import pytest

from keras_suite.tasks.fraud.fraud_cnn import fraud_cnn


def test_the_layers_are_those_of_report_a_table_1():
    model = fraud_cnn(np.zeros(29), np.ones(29))
    told = "filters", "units", "rate", "activation"
    layers = [(type(layer).__name__, layer.get_config()) for layer in model.layers[2:]]
    assert [(kind, *(given[name] for name in told if name in given)) for kind, given in layers] == [
        *(("Conv1D", 32, "relu"), ("BatchNormalization",), ("MaxPooling1D",), ("Dropout", 0.2)),
        *(("Conv1D", 64, "relu"), ("BatchNormalization",), ("MaxPooling1D",), ("Dropout", 0.5)),
        *(("Flatten",), ("Dense", 64, "relu"), ("Dropout", 0.5), ("Dense", 64, "relu")),
        ("Dense", 2, "softmax"),
    ]
    convolutions = (2 * 1 * 32 + 32) + (2 * 32 * 64 + 64)  # each of two rows
    dense = (6 * 64 * 64 + 64) + (64 * 64 + 64) + (64 * 2 + 2)
    assert model.count_params() == convolutions + dense + 4 * (32 + 64) == 33_570
    assert sum(weight.numpy().size for weight in model.trainable_weights) == 33_378


def test_the_scaler_is_inside_so_raw_features_go_in_and_probabilities_come_out():
    raw = np.random.default_rng(0).normal(100, 25, (50, 29)).astype("float32")
    model = fraud_cnn(raw.mean(0), raw.var(0))
    scaled = np.asarray(model.get_layer("scaler")(raw))
    assert scaled == pytest.approx((raw - raw.mean(0)) / raw.std(0), abs=1e-4)
    assert np.asarray(model(raw)).sum(axis=1) == pytest.approx(np.ones(50))
