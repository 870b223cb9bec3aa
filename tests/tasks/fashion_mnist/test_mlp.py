import numpy as np
import pytest

from keras_suite.tasks.fashion_mnist.mlp import mlp


@pytest.mark.parametrize(
    ("neurons", "parameters"), [(352, 279_850), (512, 784 * 512 + 512 + 512 * 10 + 10)]
)
def test_the_parameters_are_counted_exactly(neurons, parameters):
    assert mlp((28, 28), neurons, 10).count_params() == parameters


def test_pixels_are_scaled_inside_and_probabilities_come_out():
    model = mlp((28, 28), 16, 10)
    assert np.allclose(model.layers[0](np.full((1, 28, 28), 255.0)), 1)
    outputs = model.predict(np.full((3, 28, 28), 255.0), verbose=0)
    assert outputs.shape == (3, 10)
    assert np.allclose(outputs.sum(axis=1), 1, atol=1e-6)
