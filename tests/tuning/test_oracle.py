import json
import shutil
import tempfile
import threading
from pathlib import Path
from random import Random

import keras_tuner as kt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_suite.tuning.folder import read_error
from keras_suite.tuning.oracle import SafeHyperbandOracle

from keras_suite.errors import InputError
from keras_suite.terminal import files


def make(folder, max_epochs=9, factor=3, iterations=1, seed=1, choices=()):
    space = kt.HyperParameters()
    _ = space.Choice("x", choices) if choices else space.Float("x", 0.0, 1.0)
    size = {"max_epochs": max_epochs, "factor": factor, "hyperband_iterations": iterations}
    return SafeHyperbandOracle(Path(folder), "val_accuracy", space, seed, **size)


def finish(oracle, trial):
    """A trial's score depends on its value and its epochs alone."""
    values = trial.hyperparameters.values
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
    names = "x", "tuner/epochs", "tuner/bracket", "tuner/round"
    found = [(each.hyperparameters.values, each.score) for each in oracle.trials.values()]
    return sorted((*(values[name] for name in names), score) for values, score in found)


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
        assert [path.name for path in Path(folder).iterdir()] == ["oracle.json"]  # whole


def test_the_reports_search_is_30_trials_and_120_epochs(tmp_path):
    plan = make(tmp_path, max_epochs=10).planned_rungs()
    assert plan == [(4, 10), (6, 4), (2, 6), (12, 2), (4, 2), (2, 6)]


def test_every_state_that_a_kill_could_leave_leads_to_the_same_end(tmp_path, monkeypatch):
    undisturbed = what_ran(run(make(tmp_path / "undisturbed", max_epochs=4)))
    oracle = make(tmp_path / "watched", max_epochs=4)
    states, save = [], type(oracle).save

    def save_and_keep(self):
        save(self)
        states.append(self.file.read_text())

    with monkeypatch.context() as patch:
        patch.setattr(type(oracle), "save", save_and_keep)
        run(oracle)
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
            trial = at_work.get(worker)
            if trial and trial.trial_id not in oracle.deaths and random.random() < 0.2:
                del at_work[worker]  # killed: its trial goes to somebody else
                oracle.release(f"worker-{worker}")
            elif trial:
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
    assert (promoted["tuner/round"], promoted["tuner/bracket"]) == (1, 2)


def test_seed_0_is_a_seed_too(tmp_path):
    made = [make(tmp_path / name, seed=seed) for name, seed in (("a", 0), ("b", 0), ("c", 1))]
    a, b, c = (each.create_trial("t").hyperparameters.values["x"] for each in made)
    assert a == b != c


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


@pytest.mark.parametrize(
    ("values", "max_epochs", "epochs"),
    [
        (2, 9, [9, 9]),
        (2, 10, [10, 10]),
        (5, 9, [9] * 5),
        (11, 9, [1] * 6 + [3, 3] + [9] * 3),  # nine in the first bracket, all others in the second
        (60, 100, [2] * 27 + [4] * 22 + [12] * 7 + [34] * 2 + [100] * 2),
    ],
)
def test_a_small_space_is_tried_whole_and_its_best_are_trained_to_the_end(
    tmp_path, values, max_epochs, epochs
):
    choices = [float(number) for number in range(1, values + 1)]
    oracle = run(make(tmp_path, max_epochs, choices=choices))
    longest = dict.fromkeys(choices, 0)
    for each in (trial.hyperparameters.values for trial in oracle.trials.values()):
        longest[each["x"]] = max(longest[each["x"]], each["tuner/epochs"])
    assert sorted(longest.values()) == epochs
    again = make(tmp_path, max_epochs, choices=choices)
    again.reload()
    assert again.create_trial("tuner0").status == "STOPPED"


def test_trials_that_fail_leave_their_places_to_those_that_do_not(tmp_path):
    """Of the nine in the first rung six fail, never three in a row; the other three go on."""
    oracle = make(tmp_path)
    for number in range(9):
        (finish if number % 3 == 2 else fail)(oracle, oracle.create_trial("tuner0"))
    for epochs in (3, 3, 3, 9):
        trial = oracle.create_trial("tuner0")
        assert trial.hyperparameters.values["tuner/epochs"] == epochs
        finish(oracle, trial)
    assert oracle.create_trial("tuner0").hyperparameters.values["tuner/bracket"] == 1


def killed_alone(folder, oracle, *, died=True):
    again = make(folder)
    again.reload(died=died)
    return again


def killed_worker(folder, oracle):
    oracle.release("tuner0")
    return killed_alone(folder, oracle)


@pytest.mark.parametrize("killed", [killed_alone, killed_worker])
@pytest.mark.parametrize(("epochs", "fails"), [((0, 0), True), ((1, 2), False), ((0, 1, 1), True)])
def test_a_trial_whose_process_dies_twice_in_one_epoch_fails(tmp_path, killed, epochs, fails):
    oracle = make(tmp_path)
    for done in epochs:
        assert oracle.create_trial("tuner0").trial_id == "0000"
        files.write_text(tmp_path / "trial_0000/history.json", json.dumps([{}] * done))
        oracle = killed(tmp_path, oracle)
    assert (oracle.trials["0000"].status == "FAILED") == fails
    assert (read_error(tmp_path, "0000") == "its process was killed: memory?") == fails
    assert (oracle.create_trial("tuner0").trial_id != "0000") == fails


def test_ctrl_c_a_lost_chief_and_a_trial_given_back_are_no_deaths(tmp_path):
    oracle = make(tmp_path)
    for _ in range(3):
        oracle.create_trial("tuner0")
        oracle = killed_alone(tmp_path, oracle, died=False)
        oracle.end_trial(oracle.create_trial("tuner0"))
        oracle.create_trial("worker-1")
        oracle = killed_alone(tmp_path, oracle)
    assert [each.status for each in oracle.trials.values()] == ["RUNNING"]
    assert oracle.deaths == {}


def test_an_error_lets_the_next_thread_in(tmp_path):
    oracle = make(tmp_path)
    trial = oracle.create_trial("worker-1")
    with pytest.raises(KeyError):
        oracle.update_trial("0005", {"val_accuracy": 1.0})
    oracle.file = oracle.file / "inside"  # of a file: as good as a full drive
    with pytest.raises(OSError, match="oracle"):
        finish(oracle, trial)
    oracle.file = oracle.file.parent
    thread = threading.Thread(target=oracle.release, args=["worker-1"], daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


DAMAGED = [
    "", "{", "{}", "[]", "null", "\0" * 100, "[" * 100_000, '{"trials": 1}', '{"trials": [1]}',
    '{"trials": []}',
]  # fmt: skip


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_record_is_a_sentence(tmp_path, text):
    oracle = make(tmp_path)
    oracle.file.write_text(text)
    with pytest.raises(InputError, match=r"oracle.json is damaged .*--overwrite"):
        oracle.reload()
