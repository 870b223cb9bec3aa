import numpy as np
import pytest

from keras_suite.tasks.fashion_mnist.mlp import mlp


def test_the_parameters_are_the_reports_and_scaled_pixels_make_probabilities():
    model = mlp((28, 28), 352, 10)
    assert model.count_params() == 279_850
    images = np.full((3, 28, 28), 255.0)
    assert np.allclose(model.layers[0](images), 1)
    assert np.asarray(model(images)).sum(axis=1) == pytest.approx(np.ones(3))
