import numpy as np
from keras import layers

from keras_suite.tasks.fraud.fraud_cnn import fraud_cnn


def test_the_layers_are_the_reports():
    model = fraud_cnn(np.zeros(29), np.ones(29))
    # Report A, table 1, after the scaler and the channel axis.
    assert [type(layer) for layer in model.layers] == [
        layers.Normalization, layers.Reshape,
        layers.Conv1D, layers.BatchNormalization, layers.MaxPooling1D, layers.Dropout,
        layers.Conv1D, layers.BatchNormalization, layers.MaxPooling1D, layers.Dropout,
        layers.Flatten, layers.Dense, layers.Dropout, layers.Dense, layers.Dense,
    ]  # fmt: skip
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv1D)]
    assert [(c.filters, c.kernel_size, c.activation.__name__) for c in convolutions] == [
        (32, (2,), "relu"),
        (64, (2,), "relu"),
    ]
    dense = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    assert [(d.units, d.activation.__name__) for d in dense] == [
        (64, "relu"),
        (64, "relu"),
        (2, "softmax"),
    ]
    dropouts = [layer.rate for layer in model.layers if isinstance(layer, layers.Dropout)]
    assert dropouts == [0.2, 0.5, 0.5]


def test_the_parameters_are_counted_exactly():
    model = fraud_cnn(np.zeros(29), np.ones(29))
    convolutions = (2 * 1 * 32 + 32) + (2 * 32 * 64 + 64)
    dense = (6 * 64 * 64 + 64) + (64 * 64 + 64) + (64 * 2 + 2)
    assert model.count_params() == convolutions + dense + 4 * (32 + 64) == 33_570
    assert sum(weight.numpy().size for weight in model.trainable_weights) == 33_378


def test_the_scaler_is_inside_so_raw_features_go_in():
    rng = np.random.default_rng(0)
    raw = rng.normal(100, 25, (50, 29)).astype("float32")
    model = fraud_cnn(raw.mean(0), raw.var(0))
    scaled = model.get_layer("scaler")(raw).numpy()
    assert np.abs(scaled.mean(0)).max() < 1e-4
    assert np.abs(scaled.std(0) - 1).max() < 1e-4


def test_outputs_are_probabilities_of_two_classes():
    outputs = fraud_cnn(np.zeros(29), np.ones(29)).predict(np.ones((5, 29)), verbose=0)
    assert outputs.shape == (5, 2)
    assert np.allclose(outputs.sum(axis=1), 1)
