"""Hyperband for any experiment, with trials that go on exactly where an earlier one was."""

import contextlib
import gc
import math
import shutil
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import keras_tuner as kt
import tensorflow as tf
from keras_tuner.engine.trial import Trial
from keras_tuner.src import config as kerastuner_settings
from tensorboard.plugins.hparams import api as hparams

from keras_suite.config import ExperimentConfig
from keras_suite.experiment import Trained, Variant
from keras_suite.runs.numbers import figure, strict_json
from keras_suite.terminal import files
from keras_suite.terminal.interrupts import drive_trouble
from keras_suite.training.fit import run_fit
from keras_suite.training.memory import forget_graphs

from .folder import trial_folder, write_error

kerastuner_settings.DEBUG = False  # no traceback on the terminal: error.txt has it


class ExperimentHyperModel(kt.HyperModel):
    """An experiment whose data, None where only the space is asked for, all trials share."""

    def __init__(self, experiment: ModuleType, config: ExperimentConfig, data: Any = None):
        super().__init__(name=Path(str(experiment.__file__)).stem)
        self.experiment, self.config, self.data = experiment, config, data

    def sample(self, hp: kt.HyperParameters) -> ExperimentConfig:
        """Return the Config of a trial, which raises ValueError where it refuses its fields."""
        return self.experiment.search_space(hp, self.config)

    def space(self) -> kt.HyperParameters:
        """Return all hyperparameters that ``search_space`` may ask for, without data or model.

        Some are asked for only where another has some value: every value of those that have few is
        tried, and both ends of whole numbers, which may count layers.
        """
        space, tried = kt.HyperParameters(), [{}]
        for values in tried:  # which grows
            hp = kt.HyperParameters()
            hp.values = dict(values)
            with contextlib.suppress(ValueError):  # a trial that samples the same will say so
                self.sample(hp)
            new = [each for each in hp.space if not space._exists(each.name, each.conditions)]
            space.merge(new)
            tried += [hp.values | {each.name: value} for each in new for value in _values(each)]
        return space

    def build(self, hp: kt.HyperParameters) -> keras.Model:
        """Build the network of a trial, compiled, for the rows :meth:`fit` then trains on."""
        config = self.sample(hp)
        rows = self.experiment.split(config, self.data)
        self.trial = Trained(Variant("trial", config), self.data, rows)
        self.trial.build(self.experiment)
        return self.trial.network

    def fit(self, hp: kt.HyperParameters, model: keras.Model, state: Path, callbacks: list):
        """Train the network just built, from where ``state`` is; return its whole history."""
        if getattr(self.trial.config, "prefix_cache", False):
            self.trial.cache_prefix(("train", "validation"))  # no trial sees the test
        fit = self.trial.fit(self.experiment, epochs=hp.values["tuner/epochs"])
        return run_fit(fit, state, callbacks)


def _values(hp: Any) -> tuple:
    """Return the values of a hyperparameter by which others may be asked for."""
    match hp:
        case kt.engine.hyperparameters.Choice():
            return tuple(hp.values)
        case kt.engine.hyperparameters.Boolean():
            return False, True
        case kt.engine.hyperparameters.Int():
            return hp.min_value, hp.max_value
    return ()


class ExperimentTuner(kt.Tuner):
    """Runs the trials that an oracle hands out, each in a folder of its own.

    KerasTuner continues a promoted trial from its parent's weights alone: they are loaded before
    the optimizer is built, which drops its state. Here a promoted trial begins with a copy of the
    parent's whole state (weights, optimizer, dropout, order of rows), so it is the same training,
    only longer; and a trial that is run again goes on after its last finished epoch.
    """

    def __init__(self, oracle: kt.Oracle, hypermodel: ExperimentHyperModel, folder: Path):
        super().__init__(oracle, hypermodel, directory=folder.parent, project_name=folder.name)
        self.hypermodel, self.folder = hypermodel, folder
        self.last_asked = -math.inf

    def _populate_initial_space(self) -> None:
        """Nothing: the oracle has the space, and KerasTuner would build a model to find it."""

    def save(self) -> None:
        """Nothing: the oracle saves itself."""

    def on_search_begin(self) -> None:
        """Keep the garbage collector, which comes after every trial, away from the libraries."""
        gc.freeze()

    def pre_create_trial(self) -> None:
        """Pause between two questions: a worker without a trial would ask without end."""
        time.sleep(max(0.0, self.last_asked + 0.2 - time.monotonic()))
        self.last_asked = time.monotonic()

    def _try_run_and_update_trial(self, trial: Trial, *args: object, **kwargs: object) -> None:
        """Run a trial, and let what is not the trial's own fault, as a full disk, end the search.

        KerasTuner would take it for a failure of the trial.
        """
        try:
            self._run_and_update_trial(trial)
            trial.status = "COMPLETED"
        except kt.errors.FailedTrialError as error:
            trial.status, trial.message = "FAILED", str(error)
        except Exception as error:
            if drive_trouble(error):
                with contextlib.suppress(Exception):
                    self.oracle.end_trial(trial)  # as it is: to be run again
            raise

    def run_trial(self, trial: Trial) -> keras.callbacks.History:
        """Return every epoch's objective, or raise FailedTrialError; ``error.txt`` says more."""
        try:
            return self._train(trial, trial_folder(self.folder, trial.trial_id))
        except Exception as error:
            if drive_trouble(error):
                raise
            kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
            sentence = " ".join(f"{kind}{error}".split())
            write_error(self.folder, trial.trial_id, sentence, traceback.format_exc())
            raise kt.errors.FailedTrialError(sentence) from error

    def _train(self, trial: Trial, folder: Path) -> keras.callbacks.History:
        forget_graphs()
        hp, state = trial.hyperparameters, folder / "state.npz"
        parent = hp.values.get("tuner/trial_id")
        if parent and not state.exists():
            with files.whole(state) as partial:
                shutil.copyfile(trial_folder(self.folder, parent) / "state.npz", partial)
        logs = self.folder / "tensorboard" / trial.trial_id
        callbacks = [keras.callbacks.TensorBoard(str(logs), write_graph=False)]
        history = self.hypermodel.fit(hp, self.hypermodel.build(hp), state, callbacks)
        objective = keras.callbacks.History()
        name = self.hypermodel.experiment.OBJECTIVE
        objective.history = {name: _finite(history, name)}
        files.write_text(folder / "history.json", strict_json(history))
        _log_hparams(hp, logs, history)
        return objective


def _finite(history: list[dict], objective: str) -> list[float]:
    """Return the objective of each epoch; ValueError where it or a loss is no finite number."""
    for entry in history:
        for name in ("loss", "val_loss", objective):
            if not math.isfinite(value := entry.get(name, 0.0)):
                raise ValueError(f"{name} is {figure(value)} after epoch {entry['epoch']}")
    return [entry[objective] for entry in history]


def _log_hparams(hp: kt.HyperParameters, logs: Path, history: list[dict]) -> None:
    """Write the hyperparameters and last figures for TensorBoard's HParams page."""
    own = {name: value for name, value in hp.values.items() if not name.startswith("tuner/")}
    writer = tf.summary.create_file_writer(str(logs))
    with writer.as_default():
        hparams.hparams(own, trial_id=logs.name)
        for name, value in history[-1].items():
            if name not in ("epoch", "seconds"):
                tf.summary.scalar(name, value, step=len(history))
    writer.close()
