import dataclasses
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_suite.training.fit import Diverged, run_fit
from keras_suite.training.rows import ArrayRows
from keras_suite.training.state import load_history
from tests.training.fits import StopAt, assert_goes_on, make_fit, make_text_fit, same_to_the_bit


def measured(make):
    """A maker of fits with two measures, and what these saw: labels and outputs of each call."""
    seen = []

    def highest_output(labels, outputs):
        seen.append((labels, outputs))
        return float(outputs.max())

    measures = {"val_one": highest_output, "val_two": highest_output}
    return lambda: dataclasses.replace(make(), measures=measures), seen


def test_a_fit_goes_on_after_its_last_whole_epoch_to_the_same_weights_to_the_bit(tmp_path):
    state = tmp_path / "state.npz"
    make_measured, seen = measured(make_fit)
    undisturbed = assert_goes_on(make_measured, state, (1, 7), (2, 3))
    history = load_history(state)
    assert [entry["epoch"] for entry in history] == [1, 2, 3, 4]
    keys = "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "val_one", "val_two", "seconds"
    assert set(history[0]) == set(keys)
    (labels, outputs), (_, again) = seen[6:8]  # of the last epoch of the undisturbed
    assert outputs is again  # of one forward pass
    assert np.array_equal(labels, undisturbed.validation[1])
    assert np.allclose(outputs, undisturbed.model(undisturbed.validation[0]), atol=1e-6)
    assert history[3]["val_one"] == outputs.max()
    plain, finished = make_fit(), make_measured()
    run_fit(plain)
    assert same_to_the_bit(plain, undisturbed)  # measures change nothing
    assert run_fit(finished, state, [StopAt(0, 0)]) == history  # only loads
    assert same_to_the_bit(finished, undisturbed)


def test_a_fit_on_texts_goes_on_to_the_bit_however_often_it_is_evaluated(tmp_path):
    make_measured, seen = measured(make_text_fit)
    often = assert_goes_on(make_measured, tmp_path / "state.npz", (2, 1))
    (labels, outputs), (_, again) = seen[6:8]
    assert outputs is again
    assert np.array_equal(labels, often.validation.labels)
    encoded = often.validation.encoded
    for row, output in enumerate(outputs):
        ids = encoded.input_ids[None, encoded.offsets[row] : encoded.offsets[row + 1]]
        alone = often.model({"input_ids": ids, "attention_mask": np.ones_like(ids)})
        assert np.allclose(output, alone[0], atol=1e-6)
    (first, *_) = load_history(tmp_path / "state.npz")
    assert set(first) == {"epoch", "loss", "accuracy", "val_one", "val_two", "seconds"}
    seldom = make_text_fit(epochs=2, steps_per_evaluation=10)
    run_fit(seldom)
    assert seldom.model.optimizer.iterations == seldom.steps == often.steps == 20
    assert same_to_the_bit(seldom, often)
    assert make_text_fit(epochs=3, steps_per_evaluation=None).steps == 3 * 7  # of whole passes


def test_every_row_is_seen_once_a_pass_in_an_order_of_the_pass_and_the_seed_alone():
    rows = ArrayRows(np.arange(10), np.arange(10))

    def batches(seed=0, first=0, steps=6):
        step = tf.Variable(first, dtype=tf.int64)
        return [each.numpy().tolist() for each, _ in rows.training_batches(4, seed, step, steps)]

    seen = batches()
    assert [len(batch) for batch in seen] == [4, 4, 2] * 2
    first, second = (list(itertools.chain(*some)) for some in (seen[:3], seen[3:]))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert batches(seed=1) != seen
    for border in (1, 2, 4):  # which are not those of the passes
        assert batches(steps=border) + batches(first=border, steps=6 - border) == seen


@pytest.mark.parametrize("bad", ["loss", "val_loss"])
def test_a_fit_stops_at_the_first_loss_that_is_not_finite_and_keeps_the_state_before(bad, tmp_path):
    fit, measured = make_fit(name="net"), []
    run_fit(dataclasses.replace(fit, epochs=2), tmp_path / "state.npz")
    spoil = keras.callbacks.Callback()
    if bad == "loss":
        spoil.on_epoch_begin = lambda *_: fit.model.layers[-1].bias.assign([np.nan, np.nan])
    else:
        fit.validation[0][:] = 1e38
    fit = dataclasses.replace(fit, measures={"val_one": lambda *_: measured.append(1) or 0.0})
    says = f"^net diverged: in epoch 3 its {bad} is (nan|inf), at a learning rate of 0.001:"
    with pytest.raises(Diverged, match=says):
        run_fit(fit, tmp_path / "state.npz", [spoil])
    assert not measured
    assert len(load_history(tmp_path / "state.npz")) == 2
