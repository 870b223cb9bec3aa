import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.training.state import State, load_history
from tests.training.fits import make_fit, same_to_the_bit


def state(folder, layer_trains=True, units=6):
    """The state file of a fit's model, and the fit; its first layer may be frozen."""
    fit = make_fit(units=units)
    fit.model.layers[0].trainable = layer_trains
    return State(folder / "state.npz", fit.model), fit


def test_where_there_is_no_state_there_is_no_history(tmp_path):
    assert load_history(tmp_path / "state.npz") == []
    assert state(tmp_path)[0].load() == []


@pytest.mark.parametrize("options", [{"units": 7}, {"layer_trains": False}])
def test_a_state_of_another_model_is_refused(tmp_path, options):
    state(tmp_path)[0].save([])
    with pytest.raises(InputError, match="different model"):
        state(tmp_path, **options)[0].load()


def test_frozen_weights_are_not_written_and_all_others_are(tmp_path):
    def shapes(layer_trains):
        state(tmp_path, layer_trains)[0].save([])
        with np.load(tmp_path / "state.npz") as saved:
            return [saved[key].shape for key in saved.files if key.isdecimal()]

    everything, without_frozen = shapes(True), shapes(False)
    for shape in [(5, 6), (6,)]:  # of the kernel and the bias
        lost = everything.count(shape) - without_frozen.count(shape)
        assert lost == 3  # the weight and Adam's two moments
    assert len(everything) - len(without_frozen) == 6


def test_a_state_comes_back_only_where_the_frozen_weights_are_those_it_was_begun_with(tmp_path):
    begun, fit = state(tmp_path, layer_trains=False)
    for variable in begun.variables:
        variable.assign(variable + 1)
    begun.save([{"epoch": 1}])
    same, other = state(tmp_path, layer_trains=False)
    assert same.load() == [{"epoch": 1}]
    assert same_to_the_bit(fit, other)
    bias = other.model.layers[0].bias
    bias.assign(bias + np.eye(6)[3])
    with pytest.raises(InputError, match="frozen weights are not those"):
        State(begun.path, other.model).load()
