import numpy as np
import pytest

from keras_suite.training.fit import run_fit
from tests.training.fits import StopAt, make_text_fit, same_to_the_bit, without_seconds


def accuracy(labels, outputs):
    return float((outputs.argmax(axis=1) == labels).mean())


def test_all_figures_of_the_validation_rows_come_from_the_measures():
    history = run_fit(make_text_fit(measures={"val_accuracy": accuracy}))
    assert [entry["epoch"] for entry in history] == [1, 2, 3, 4]
    assert set(history[0]) == {"epoch", "loss", "accuracy", "val_accuracy", "seconds"}


def test_measures_of_an_epoch_share_one_forward_pass_in_the_order_of_the_rows():
    seen = []

    def note(labels, outputs):
        seen.append((labels, outputs))
        return 0.0

    fit = make_text_fit(epochs=1, measures={"one": note, "two": note})
    run_fit(fit)
    (labels, outputs), (_, again) = seen
    assert outputs is again
    assert labels is fit.validation.labels
    encoded = fit.validation.encoded
    for row, output in enumerate(outputs):
        ids = encoded.input_ids[None, encoded.offsets[row] : encoded.offsets[row + 1]]
        alone = fit.model({"input_ids": ids, "attention_mask": np.ones_like(ids)})
        assert np.allclose(output, alone[0], atol=1e-6)


def test_a_fit_stopped_between_two_evaluations_goes_on_to_the_same_weights_to_the_bit(tmp_path):
    def make():
        return make_text_fit(measures={"val_accuracy": accuracy})

    undisturbed, stopped, resumed = make(), make(), make()
    expected = run_fit(undisturbed)
    with pytest.raises(KeyboardInterrupt):
        run_fit(stopped, tmp_path / "state.npz", [StopAt(2, 1)])
    history = run_fit(resumed, tmp_path / "state.npz")
    assert same_to_the_bit(undisturbed, resumed)
    assert not same_to_the_bit(undisturbed, stopped)
    assert without_seconds(history) == without_seconds(expected)


def test_how_often_a_fit_is_evaluated_changes_nothing_about_the_training():
    seldom = make_text_fit(epochs=2, steps_per_evaluation=10)
    often = make_text_fit(epochs=4, measures={"val_accuracy": accuracy})
    run_fit(seldom)
    run_fit(often)
    assert seldom.steps == often.steps == 20
    assert same_to_the_bit(seldom, often)


def test_an_epoch_is_a_pass_where_nothing_else_is_asked():
    fit = make_text_fit(epochs=3, steps_per_evaluation=None)
    run_fit(fit)
    assert fit.model.optimizer.iterations == fit.steps == 3 * 7
