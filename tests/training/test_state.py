from collections import Counter

import numpy as np
import pytest

from keras_suite.training.state import State, load_history
from tests.data.refusals import refused
from tests.training.fits import make_fit, same_to_the_bit


def state(folder, layer_trains=True, units=6):
    """The state file of a fit's model, and the fit; its first layer may be frozen."""
    fit = make_fit(units=units)
    fit.model.layers[0].trainable = layer_trains
    return State(folder / "state.npz", fit.model), fit


@pytest.mark.parametrize("options", [{"units": 7}, {"layer_trains": False}])
def test_a_state_of_another_model_is_refused(tmp_path, options):
    state(tmp_path)[0].save([])
    with refused("different model"):
        state(tmp_path, **options)[0].load()


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"PK12"])
def test_a_damaged_state_is_refused_with_a_sentence(tmp_path, damage):
    saved, _ = state(tmp_path)
    saved.save([])
    saved.path.write_bytes(damage(saved.path.read_bytes()))
    with refused("is damaged"):
        saved.load()


def test_frozen_weights_are_not_written_and_all_others_are(tmp_path):
    def shapes(layer_trains):
        state(tmp_path, layer_trains)[0].save([])
        with np.load(tmp_path / "state.npz") as saved:
            return [saved[key].shape for key in saved.files if key.isdecimal()]

    lost = Counter(shapes(True)) - Counter(shapes(False))
    assert lost == {(5, 6): 3, (6,): 3}  # kernel, bias and Adam's two moments of each
    assert len(shapes(True)) - len(shapes(False)) == 6


def test_a_state_comes_back_only_where_the_frozen_weights_are_those_it_was_begun_with(tmp_path):
    begun, fit = state(tmp_path, layer_trains=False)
    assert begun.load() == load_history(begun.path) == []
    for variable in begun.variables:
        variable.assign(variable + 1)
    begun.save([{"epoch": 1}])
    same, other = state(tmp_path, layer_trains=False)
    assert same.load() == [{"epoch": 1}]
    assert same_to_the_bit(fit, other)
    bias = other.model.layers[0].bias
    bias.assign(bias + np.eye(6)[3])
    with refused("frozen weights are not those"):
        State(begun.path, other.model).load()
