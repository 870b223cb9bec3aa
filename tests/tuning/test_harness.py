import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from keras_suite.tuning.harness import ExperimentHyperModel, ExperimentTuner, trial_folder
from keras_suite.tuning.oracle import SafeHyperbandOracle

from keras_suite.training.fit import Fit, run_fit
from tests.experiments.processes import ROOT
from tests.training.fits import without_seconds
from tests.tuning.toys import toy

CONFIG = toy.Config()


def search(folder, experiment=toy, config=CONFIG, **size):
    """Run all trials; return the tuner."""
    hypermodel = ExperimentHyperModel(experiment, config, experiment.load(config))
    space = hypermodel.space()
    size = {"max_epochs": 3} | size
    oracle = SafeHyperbandOracle(folder, toy.OBJECTIVE, space, seed=1, **size)
    tuner = ExperimentTuner(oracle, hypermodel, folder)
    tuner.search()
    return tuner


@pytest.fixture(scope="module")
def calls():
    return []


@pytest.fixture(scope="module")
def searched(tmp_path_factory, calls):
    """A search of the toy that notes what is called."""

    def noted(name):
        return lambda *given: calls.append(name) or getattr(toy, name)(*given)

    hooks = {name: noted(name) for name in ("load", "split", "build")}
    return search(tmp_path_factory.mktemp("search"), SimpleNamespace(**vars(toy) | hooks))


def test_data_is_loaded_once_and_each_trial_has_its_own_rows_and_network(searched, calls):
    trials = len(searched.oracle.trials)
    assert trials == 6
    assert calls == ["load"] + ["split", "build"] * trials


def test_a_promoted_trial_is_the_same_training_to_the_bit_only_longer(searched):
    (promoted,) = (
        trial
        for trial in searched.oracle.trials.values()
        if "tuner/trial_id" in trial.hyperparameters.values
    )
    hp = promoted.hyperparameters
    assert (hp.values["tuner/initial_epoch"], hp.values["tuner/epochs"]) == (1, 3)
    config = toy.search_space(hp, toy.Config())
    rows = toy.split(config, toy.load(config))
    model = toy.build(config, rows)
    measures = toy.measures(None)
    straight = run_fit(
        Fit("straight", model, rows.train, rows.validation, 3, 16, config.seed, measures)
    )
    folder = trial_folder(searched.folder, promoted.trial_id)
    history = json.loads((folder / "history.json").read_text())
    assert without_seconds(history) == without_seconds(straight)
    with np.load(folder / "state.npz") as state:
        variables = [*model.variables, *model.optimizer.variables]
        assert len(model.optimizer.variables) > 4
        for i, variable in enumerate(variables):
            assert np.array_equal(state[str(i)], np.asarray(variable)), variable.path


def test_a_trial_scores_its_best_epoch_in_the_experiments_direction(searched):
    for trial in searched.oracle.trials.values():
        history = json.loads(
            (trial_folder(searched.folder, trial.trial_id) / "history.json").read_text()
        )
        errors = [entry["val_mean_error"] for entry in history]
        assert trial.score == min(errors)
        assert trial.best_step == errors.index(min(errors))


def test_tensorboard_has_the_hyperparameters_of_every_trial(searched):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for trial_id in searched.oracle.trials:
        events = EventAccumulator(str(searched.folder / "tensorboard" / trial_id))
        events.Reload()
        assert "_hparams_/session_start_info" in events.summary_metadata
        assert "val_mean_error" in events.Tags()["tensors"]


def test_an_invalid_config_fails_its_trial_with_its_sentence_and_the_search_goes_on(tmp_path):
    tuner = search(
        tmp_path / "search", config=toy.Config(most_units=40), max_epochs=1, hyperband_iterations=4
    )
    trials = tuner.oracle.trials.values()
    failed = [trial for trial in trials if trial.status == "FAILED"]
    assert 0 < len(failed) < len(trials)
    for trial in failed:
        units = trial.hyperparameters.values["units"]
        sentence = f"--units must be at most 40, not {units}"
        error = trial_folder(tuner.folder, trial.trial_id) / "error.txt"
        assert error.read_text().splitlines()[0] == sentence
        assert sentence in trial.message
    assert all(trial.status == "COMPLETED" for trial in trials if trial not in failed)


def test_an_objective_that_is_not_a_number_fails_the_trial(tmp_path):
    nan = {toy.OBJECTIVE: lambda y, p: float("nan")}
    diverging = SimpleNamespace(**vars(toy) | {"measures": lambda trained: nan})
    tuner = search(tmp_path / "search", diverging, max_epochs=1)
    (message, *_) = (trial.message for trial in tuner.oracle.trials.values())
    assert "val_mean_error is not a number" in message


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_trials(tmp_path):
    code = """
import csv, sys, psutil
from pathlib import Path
from keras_suite.terminal.quiet import start_tensorflow
start_tensorflow()
from tests.tuning.test_harness import (
    ExperimentHyperModel,
    ExperimentTuner,
    SafeHyperbandOracle,
    toy,
)

folder = Path(sys.argv[1])
toy.OBJECTIVE, toy.measures = "val_loss", lambda trained: {}  # one graph less a trial
config = toy.Config()
hypermodel = ExperimentHyperModel(toy, config, toy.load(config))
size = {"max_epochs": 1, "hyperband_iterations": 50}
oracle = SafeHyperbandOracle(folder, toy.OBJECTIVE, hypermodel.space(), 1, **size)
memory = []
oracle.on_trial_ended = lambda trial: memory.append(psutil.Process().memory_info().rss)
ExperimentTuner(oracle, hypermodel, folder).search()
print(*memory)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "search"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    memory = [int(word) for word in done.stdout.split()]
    assert len(memory) == 50
    assert np.mean(memory[-10:]) <= 1.1 * np.mean(memory[:10])
