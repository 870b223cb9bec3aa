import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.training.fit import run_fit
from keras_suite.training.state import State, load_history
from tests.training.fits import StopAt, make_fit, same_to_the_bit, without_seconds


def make_frozen(**options):
    """A fit whose first layer does not train."""
    fit = make_fit(**options)
    fit.model.layers[0].trainable = False
    return fit


def test_a_state_of_another_model_is_refused(tmp_path):
    State(tmp_path / "state.npz", make_fit().model).save([])
    with pytest.raises(InputError, match="different model"):
        State(tmp_path / "state.npz", make_fit(units=7).model).load()


def test_where_there_is_no_state_there_is_no_history(tmp_path):
    assert load_history(tmp_path / "state.npz") == []
    assert State(tmp_path / "state.npz", make_fit().model).load() == []


def test_frozen_weights_are_not_written_and_all_others_are(tmp_path):
    def shapes(fit):
        State(tmp_path / "state.npz", fit.model).save([])
        with np.load(tmp_path / "state.npz") as saved:
            return [saved[key].shape for key in saved.files if key.isdecimal()]

    everything, without_frozen = shapes(make_fit()), shapes(make_frozen())
    for shape in [(5, 6), (6,)]:  # of the kernel and the bias
        lost = everything.count(shape) - without_frozen.count(shape)
        assert lost == 3  # the weight and Adam's two moments
    assert len(everything) - len(without_frozen) == 6


def test_a_fit_with_frozen_weights_goes_on_to_the_same_to_the_bit(tmp_path):
    undisturbed, stopped, resumed = make_frozen(), make_frozen(), make_frozen()
    expected = run_fit(undisturbed)
    with pytest.raises(KeyboardInterrupt):
        run_fit(stopped, tmp_path / "state.npz", [StopAt(2, 3)])
    history = run_fit(resumed, tmp_path / "state.npz")
    assert same_to_the_bit(undisturbed, resumed)  # BatchNormalization's averages included
    assert without_seconds(history) == without_seconds(expected)


def test_a_state_begun_with_other_frozen_weights_is_refused(tmp_path):
    State(tmp_path / "state.npz", make_frozen().model).save([])
    State(tmp_path / "state.npz", make_frozen().model).load()
    other = make_frozen()
    bias = other.model.layers[0].bias
    bias.assign(bias + np.eye(6)[3])
    with pytest.raises(InputError, match="frozen weights are not those"):
        State(tmp_path / "state.npz", other.model).load()


def test_a_state_begun_with_a_layer_that_trained_is_refused_where_it_is_frozen(tmp_path):
    State(tmp_path / "state.npz", make_fit().model).save([])
    with pytest.raises(InputError, match="different model"):
        State(tmp_path / "state.npz", make_frozen().model).load()
