import csv

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console

from keras_suite.config import ExperimentConfig
from keras_suite.data.provenance import Provenance
from keras_suite.runs.run import open_run
from keras_suite.training.batch_losses import BatchLoss
from keras_suite.training.fit import Fit, run_fit
from keras_suite.training.rows import ArrayRows
from tests.training.fits import assert_goes_on, same_to_the_bit

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3)).astype("float32"), RNG.normal(size=(20, 1)).astype("float32")


def squared(labels, outputs):
    return keras.ops.mean(keras.ops.square(labels - outputs), axis=1)


def make_fit(keeps=True, learning_rate=0.05):
    """Three epochs of batches of 8, 8 and 4 rows."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    metrics = [BatchLoss(squared)] if keeps else []
    model.compile(keras.optimizers.Adam(learning_rate), squared, metrics=metrics)
    return Fit("fit", model, (X, Y), (X, Y), 3, 8, seed=0, keeps_batch_losses=keeps)


def test_a_run_keeps_the_loss_of_each_steps_own_batch_and_leaves_it_out_of_its_table(tmp_path):
    fit, config = make_fit(learning_rate=0.0), ExperimentConfig()
    with open_run("toy", "paper", config, tmp_path, console=Console(quiet=True)) as run:
        run.use(Provenance("numbers", "real", 20, "0" * 64))
        history = run.fit([fit], 1.0)["fit"]
    losses = np.square(fit.model.predict(X, verbose=0) - Y).mean(axis=1)
    rows, first_step = ArrayRows(np.arange(20), np.arange(20)), tf.Variable(0, dtype=tf.int64)
    picks = [pick.numpy() for pick, _ in rows.training_batches(8, 0, first_step, 9)]
    kept = [entry["batch_losses"] for entry in history]
    assert np.allclose(np.ravel(kept), [losses[pick].mean() for pick in picks], atol=1e-6)
    assert [len(set(each)) for each in kept] == [3] * 3
    with (run.folder / "history.csv").open() as file:
        assert "batch_losses" not in next(csv.reader(file))


def test_kept_losses_change_nothing_and_are_those_of_an_undisturbed_fit_after_a_stop(tmp_path):
    plain = make_fit(keeps=False)
    kept = assert_goes_on(make_fit, tmp_path / "state.npz", (1, 1))
    history = run_fit(plain)
    assert same_to_the_bit(plain, kept)
    assert set(history[0]) == {"epoch", "loss", "val_loss", "seconds"}
    kept_history = run_fit(make_fit(), tmp_path / "state.npz")
    assert set(kept_history[0]) - set(history[0]) == {"val_batch_loss", "batch_losses"}
    assert [entry["loss"] for entry in kept_history] == [entry["loss"] for entry in history]
