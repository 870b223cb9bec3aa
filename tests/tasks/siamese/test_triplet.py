import keras
import numpy as np
import pytest

from keras_suite.tasks.siamese.triplet import mean_output, triplet_loss, zero_loss

ANCHOR = np.array([[0.0, 0], [0, 0], [1, 2]], "float32")
POSITIVE = np.array([[1.0, 0], [0, 0], [1, 2]], "float32")
NEGATIVE = np.array([[0.0, 0.5], [0.5, 0], [4, 6]], "float32")


def test_the_loss_is_the_reports_in_a_case_done_by_hand():
    losses = triplet_loss([ANCHOR, POSITIVE, NEGATIVE])
    assert np.allclose(losses, [1 - 0.25 + 0.4, 0 - 0.25 + 0.4, 0])


def test_a_negative_exactly_a_margin_farther_costs_nothing():
    losses = triplet_loss([ANCHOR, POSITIVE, NEGATIVE], margin=0.25)
    assert np.array_equal(zero_loss(np.zeros(3), losses), [0, 1, 1])


def test_the_models_loss_is_the_mean_of_its_outputs_whatever_the_labels():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Flatten()])
    model.compile("sgd", mean_output, metrics=[zero_loss])
    outputs = np.array([[0.0], [1.0], [5.0], [0.0]])
    measured = model.evaluate(outputs, np.zeros(4), verbose=0, return_dict=True)
    assert measured == pytest.approx({"loss": 1.5, "zero_loss": 0.5})


def test_the_layer_is_reloaded_in_safe_mode_with_its_margin():
    layer = keras.layers.Lambda(triplet_loss, arguments={"margin": 0.1})
    described = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(described, safe_mode=True)
    inputs = [ANCHOR, POSITIVE, NEGATIVE]
    assert np.allclose(again(inputs), triplet_loss(inputs, margin=0.1))
