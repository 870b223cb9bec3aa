import dataclasses

import keras
import numpy as np

from keras_suite.training.fit import Fit, run_fit
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


def batches_seen(seed=0, **options):
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
    run_fit(Fit("spy", model, (X, X), (X, X), batch_size=4, seed=seed, **options))
    return seen


def test_every_row_is_seen_once_a_pass_in_an_order_of_the_pass_and_the_seed_alone():
    seen = batches_seen(epochs=2)
    assert [len(batch) for batch in seen] == [4, 4, 2] * 2
    first, second = [[row for batch in epoch for row in batch] for epoch in (seen[:3], seen[3:])]
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert batches_seen(epochs=2, seed=1) != seen
    for steps in (1, 2, 6):  # epochs whose borders are not those of the passes
        assert batches_seen(epochs=6 // steps, steps_per_evaluation=steps) == seen
