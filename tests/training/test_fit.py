import dataclasses

import keras
import numpy as np
import pytest

from keras_suite.training.fit import Fit, run_fit
from keras_suite.training.state import load_history
from tests.training.fits import StopAt, make_fit, same_to_the_bit, without_seconds


def test_the_history_has_an_entry_an_epoch_with_both_sets_measured():
    history = run_fit(make_fit(epochs=3))
    assert [entry["epoch"] for entry in history] == [1, 2, 3]
    assert set(history[0]) == {
        "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds",
    }  # fmt: skip


def test_the_same_seed_ends_at_the_same_weights_to_the_bit_and_another_does_not():
    fits = [make_fit(seed=1), make_fit(seed=1), make_fit(seed=2)]
    for fit in fits:
        run_fit(fit)
    assert same_to_the_bit(fits[0], fits[1])
    assert not same_to_the_bit(fits[0], fits[2])


@pytest.mark.parametrize("stop_at", [(0, 3), (1, 7), (2, 3)])
def test_a_fit_stopped_anywhere_goes_on_to_the_same_weights_to_the_bit(tmp_path, stop_at):
    undisturbed = make_fit()
    expected = run_fit(undisturbed)
    with pytest.raises(KeyboardInterrupt):
        run_fit(make_fit(), tmp_path / "state.npz", [StopAt(*stop_at)])
    resumed = make_fit()
    history = run_fit(resumed, tmp_path / "state.npz")
    assert same_to_the_bit(undisturbed, resumed)
    assert without_seconds(history) == without_seconds(expected)


def test_a_finished_epoch_is_not_run_again(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run_fit(make_fit(), tmp_path / "state.npz", [StopAt(2, 0)])
    begun = []
    note = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
    run_fit(make_fit(), tmp_path / "state.npz", [note])
    assert begun == [2, 3]


def test_a_finished_fit_only_loads_its_weights(tmp_path):
    first = make_fit()
    history = run_fit(first, tmp_path / "state.npz")
    again = make_fit()
    assert run_fit(again, tmp_path / "state.npz", [StopAt(0, 0)]) == history
    assert same_to_the_bit(first, again)


def batches_seen(**options):
    """Run a fit on 10 rows in batches of 4; return which rows each training step saw."""
    seen = []

    class Spy(keras.Model):
        def call(self, x):
            return x

        def train_step(self, data):
            seen.append(data[0].numpy().ravel().tolist())
            return {"loss": 0.0}

        def test_step(self, data):
            return {"loss": 0.0}

    X = np.arange(10, dtype="float32")[:, None]
    model = Spy()
    model.compile("sgd", "mse", run_eagerly=True)
    model(X)
    run_fit(Fit("spy", model, (X, X), (X, X), batch_size=4, seed=0, **options))
    return seen


def test_every_row_is_seen_once_an_epoch_in_an_order_that_changes():
    seen = batches_seen(epochs=2)
    assert [len(batch) for batch in seen] == [4, 4, 2] * 2
    first, second = [[row for batch in epoch for row in batch] for epoch in (seen[:3], seen[3:])]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


@pytest.mark.parametrize("steps", [1, 2, 4, 6])
def test_an_epoch_of_any_number_of_steps_goes_on_where_the_one_before_ended(steps):
    assert batches_seen(epochs=12 // steps, steps_per_evaluation=steps) == batches_seen(epochs=4)


def test_measures_see_the_validation_rows_of_each_epoch_and_stand_in_the_history(tmp_path):
    fit = make_fit(epochs=3)
    seen = []

    def highest_output(targets, outputs):
        assert targets is fit.validation[1]
        seen.append(outputs)
        return float(outputs.max())

    measured = dataclasses.replace(fit, measures={"val_highest": highest_output})
    history = run_fit(measured, tmp_path / "state.npz")
    assert [entry["val_highest"] for entry in history] == [float(each.max()) for each in seen]
    assert np.allclose(seen[-1], fit.model.predict(fit.validation[0], verbose=0), atol=1e-6)
    assert load_history(tmp_path / "state.npz") == history


def test_measures_change_nothing_about_the_training():
    plain, measured = make_fit(), make_fit()
    run_fit(plain)
    run_fit(dataclasses.replace(measured, measures={"x": lambda targets, outputs: 0.0}))
    assert same_to_the_bit(plain, measured)
