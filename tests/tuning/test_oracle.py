import json
import shutil
import tempfile
from pathlib import Path
from random import Random

import keras_tuner as kt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_suite.tuning.oracle import SafeHyperbandOracle


def make(folder, max_epochs=9, factor=3, iterations=1, seed=1):
    space = kt.HyperParameters()
    space.Float("x", 0.0, 1.0)
    size = {"max_epochs": max_epochs, "factor": factor, "hyperband_iterations": iterations}
    return SafeHyperbandOracle(Path(folder), "val_accuracy", space, seed, **size)


def finish(oracle, trial, score=None):
    """A trial's score depends on its value and its epochs alone."""
    values = trial.hyperparameters.values
    if score is None:
        score = values["x"] * (1 - 0.5 / values["tuner/epochs"])
    oracle.update_trial(trial.trial_id, {"val_accuracy": score})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)


def fail(oracle, trial):
    trial.status = "FAILED"
    oracle.end_trial(trial)


def run(oracle, tuner="tuner0"):
    while (trial := oracle.create_trial(tuner)).status == "RUNNING":
        finish(oracle, trial)
    return oracle


def what_ran(oracle):
    """Every trial's values and score, whatever its id."""
    return sorted(
        (
            trial.hyperparameters.values["x"],
            trial.hyperparameters.values["tuner/epochs"],
            trial.hyperparameters.values["tuner/bracket"],
            trial.hyperparameters.values["tuner/round"],
            trial.score,
        )
        for trial in oracle.trials.values()
    )


@settings(max_examples=8)
@given(st.integers(1, 12), st.integers(2, 4), st.integers(1, 2))
def test_exactly_the_planned_trials_and_epochs_are_run(max_epochs, factor, iterations):
    with tempfile.TemporaryDirectory() as folder:
        oracle = run(make(folder, max_epochs, factor, iterations))
        plan = oracle.planned_rungs()
        values = [trial.hyperparameters.values for trial in oracle.trials.values()]
        assert len(values) == sum(trials for trials, _ in plan)
        epochs = sum(each["tuner/epochs"] - each["tuner/initial_epoch"] for each in values)
        assert epochs == sum(trials * epochs for trials, epochs in plan)
        assert max(each["tuner/epochs"] for each in values) == max_epochs


def test_the_reports_search_is_30_trials_and_120_epochs(tmp_path):
    plan = make(tmp_path, max_epochs=10).planned_rungs()
    assert plan == [(4, 10), (6, 4), (2, 6), (12, 2), (4, 2), (2, 6)]


def test_every_state_that_a_kill_could_leave_leads_to_the_same_end(tmp_path, monkeypatch):
    undisturbed = what_ran(run(make(tmp_path / "undisturbed", max_epochs=4)))
    oracle = make(tmp_path / "watched", max_epochs=4)
    states = []
    save = type(oracle).save

    def save_and_keep(self):
        save(self)
        states.append(self.file.read_text())

    monkeypatch.setattr(type(oracle), "save", save_and_keep)
    run(oracle)
    monkeypatch.undo()
    assert len(states) > 2 * len(oracle.trials)
    for state in states:
        home = tmp_path / "resumed"
        shutil.rmtree(home, ignore_errors=True)
        again = make(home, max_epochs=4)
        home.mkdir(exist_ok=True)
        again.file.write_text(state)
        again.reload()
        before = list(again.end_order)
        run(again)
        assert what_ran(again) == undisturbed
        assert again.end_order[: len(before)] == before
        assert len(again.end_order) == len(set(again.end_order))


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return what_ran(run(make(tmp_path_factory.mktemp("alone"))))


@settings(max_examples=6)
@given(seed=st.integers(0, 2**32), workers=st.integers(2, 4))
def test_any_number_of_workers_in_any_order_runs_the_same_trials(alone, seed, workers):
    random = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        oracle = make(folder)
        at_work, over = {}, set()
        while len(over) < workers:
            worker = random.choice([name for name in range(workers) if name not in over])
            if worker in at_work and random.random() < 0.2:
                del at_work[worker]  # killed: its trial goes to somebody else
                oracle.release(f"worker-{worker}")
            elif worker in at_work:
                finish(oracle, at_work.pop(worker))
            else:
                trial = oracle.create_trial(f"worker-{worker}")
                if trial.status == "RUNNING":
                    at_work[worker] = trial
                elif trial.status == "STOPPED":
                    over.add(worker)
        assert what_ran(oracle) == alone


def test_a_promoted_trial_belongs_to_its_parents_bracket_whoever_fills_the_next_one(tmp_path):
    oracle = make(tmp_path)
    first = [oracle.create_trial(f"worker-{i}") for i in range(9)]
    oracle.create_trial("worker-9")  # begins the next bracket
    for trial in first:
        finish(oracle, trial)
    promoted = oracle.create_trial("worker-0").hyperparameters.values
    assert promoted["tuner/round"] == 1
    assert promoted["tuner/bracket"] == 2


def test_seed_0_is_a_seed_too(tmp_path):
    first, second = (make(tmp_path / name, seed=0) for name in "ab")
    x = [oracle.create_trial("t").hyperparameters.values["x"] for oracle in (first, second)]
    assert x[0] == x[1]
    assert x[0] != make(tmp_path / "c", seed=1).create_trial("t").hyperparameters.values["x"]


def test_three_failures_in_a_row_end_the_search_two_do_not(tmp_path):
    oracle = make(tmp_path)
    for outcome in (fail, fail, finish, fail, fail):
        outcome(oracle, oracle.create_trial("tuner0"))
        assert not oracle.gave_up
    fail(oracle, oracle.create_trial("tuner0"))
    assert oracle.gave_up
    assert oracle.create_trial("tuner0").status == "STOPPED"
    assert oracle.failed_in_a_row == 3


def test_a_dead_workers_trial_goes_to_the_next_that_asks(tmp_path):
    oracle = make(tmp_path)
    lost = oracle.create_trial("worker-1")
    oracle.release("worker-1")
    assert json.loads(oracle.file.read_text())["retry_queue"] == [lost.trial_id]
    assert oracle.create_trial("worker-2").trial_id == lost.trial_id
    assert oracle.tuner_ids == {"worker-2"}


def test_nothing_but_whole_files_is_left(tmp_path):
    run(make(tmp_path, max_epochs=3))
    assert [path.name for path in tmp_path.iterdir()] == ["oracle.json"]
