import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
from keras_suite.tuning.folder import read_error, trial_folder
from keras_suite.tuning.harness import ExperimentHyperModel, ExperimentTuner
from keras_suite.tuning.oracle import SafeHyperbandOracle

from keras_suite.training.fit import Fit, run_fit
from tests.experiments.processes import succeed
from tests.training.fits import without_seconds
from tests.tuning.toys import toy

CONFIG = toy.Config()


def search(folder, experiment=toy, config=CONFIG, note=None, **size):
    """Run all trials; return the tuner."""
    hypermodel = ExperimentHyperModel(experiment, config, experiment.load(config))
    space = hypermodel.space()
    size = {"max_epochs": 3} | size
    oracle = SafeHyperbandOracle(folder, toy.OBJECTIVE, space, seed=1, **size)
    oracle.on_trial_ended = note or oracle.on_trial_ended
    tuner = ExperimentTuner(oracle, hypermodel, folder)
    tuner.search()
    return tuner


CALLS = []


def noted(name):
    return lambda *given: CALLS.append(name) or getattr(toy, name)(*given)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A search of the toy that notes what is called."""
    hooks = {name: noted(name) for name in ("load", "split", "build")}
    return search(tmp_path_factory.mktemp("search"), SimpleNamespace(**vars(toy) | hooks))


def history_of(tuner, trial):
    return json.loads((trial_folder(tuner.folder, trial.trial_id) / "history.json").read_text())


def test_data_is_loaded_once_and_each_trial_has_its_own_rows_and_network(searched):
    assert len(searched.oracle.trials) == 6
    assert CALLS == ["load"] + ["split", "build"] * 6


def test_a_promoted_trial_is_the_same_training_to_the_bit_only_longer(searched):
    trials = searched.oracle.trials.values()
    (promoted,) = (each for each in trials if "tuner/trial_id" in each.hyperparameters.values)
    hp = promoted.hyperparameters
    assert (hp.values["tuner/initial_epoch"], hp.values["tuner/epochs"]) == (1, 3)
    config = toy.search_space(hp, toy.Config())
    rows = toy.split(config, toy.load(config))
    model = toy.build(config, rows)
    kept = rows.train, rows.validation, 3, 16, config.seed, toy.measures(None)
    straight = run_fit(Fit("straight", model, *kept))
    assert without_seconds(history_of(searched, promoted)) == without_seconds(straight)
    with np.load(trial_folder(searched.folder, promoted.trial_id) / "state.npz") as state:
        assert len(model.optimizer.variables) > 4
        for i, variable in enumerate([*model.variables, *model.optimizer.variables]):
            assert np.array_equal(state[str(i)], np.asarray(variable)), variable.path


def test_a_trial_scores_its_best_epoch_in_the_experiments_direction_and_logs_what_it_tried(
    searched,
):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for name, trial in searched.oracle.trials.items():
        errors = [entry["val_mean_error"] for entry in history_of(searched, trial)]
        assert (trial.score, trial.best_step) == (min(errors), errors.index(min(errors)))
        events = EventAccumulator(str(searched.folder / "tensorboard" / name)).Reload()
        assert "_hparams_/session_start_info" in events.summary_metadata
        assert "val_mean_error" in events.Tags()["tensors"]


def test_an_invalid_config_fails_its_trial_with_its_sentence_and_the_search_goes_on(tmp_path):
    size = {"max_epochs": 1, "hyperband_iterations": 4}
    tuner = search(tmp_path / "search", config=toy.Config(most_units=40), **size)
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


def refuse(constant):
    raise AssertionError(constant)


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"units": 64}, float("nan"), "val_mean_error is not a number after epoch 1"),
        ({"units": 64}, float("-inf"), "val_mean_error is infinite after epoch 1"),
        ({"learning_rate": 1e30}, 0.0, "learning rate of 1e+30"),
    ],
)
def test_a_trial_that_diverges_fails_without_a_score_and_the_search_goes_on(
    tmp_path, wrong, error, said
):
    def search_space(hp, config):
        diverges = hp.Choice("number", [0, 1, 2]) == 1
        return dataclasses.replace(config, **wrong) if diverges else config

    def measures(trained):
        return {toy.OBJECTIVE: lambda y, p: error if trained.config.units == 64 else 1.0}

    hooks = {"search_space": search_space, "measures": measures}
    tuner = search(tmp_path / "search", SimpleNamespace(**vars(toy) | hooks))
    trials = tuner.oracle.trials.values()
    (failed,) = (trial for trial in trials if trial.hyperparameters.values["number"] == 1)
    assert (failed.status, failed.score) == ("FAILED", None)
    assert said in read_error(tuner.folder, failed.trial_id)
    others = [trial for trial in trials if trial is not failed]
    assert [trial.status for trial in others] == ["COMPLETED"] * 3
    assert max(trial.hyperparameters.values["tuner/epochs"] for trial in others) == 3
    json.loads(tuner.oracle.file.read_text(), parse_constant=refuse)  # which takes no NaN


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_trials(tmp_path):
    code = """
import sys, psutil
from pathlib import Path
from keras_suite.terminal.quiet import start_tensorflow
start_tensorflow()
from tests.tuning.test_harness import search, toy

toy.OBJECTIVE, toy.measures = "val_loss", lambda trained: {}  # one graph less a trial
memory = []
note = lambda trial: memory.append(psutil.Process().memory_info().rss)
search(Path(sys.argv[1]), note=note, max_epochs=1, hyperband_iterations=50)
print(*memory)
"""
    memory = [int(word) for word in succeed("-c", code, tmp_path / "search").split()]
    assert len(memory) == 50
    assert np.mean(memory[-10:]) <= 1.1 * np.mean(memory[:10])
