import csv
import dataclasses
import io
import json

import keras_tuner as kt
import pytest
from keras_suite.tuning.harness import trial_folder
from keras_suite.tuning.live import LiveTable
from keras_suite.tuning.oracle import SafeHyperbandOracle
from keras_suite.tuning.outcome import leaderboard, outcomes, ranked, write_trials
from rich.console import Console


def entry(epoch, score):
    return {"epoch": epoch, "val_accuracy": score, "seconds": 0.5}


@pytest.fixture
def search(tmp_path):
    """A folder and an oracle with a completed, a failed, a promoted and a running trial."""
    space = kt.HyperParameters()
    space.Float("x", 0.0, 1.0)
    oracle = SafeHyperbandOracle(tmp_path, "val_accuracy", space, seed=1, max_epochs=3)

    def begin(history):
        trial = oracle.create_trial("tuner0")
        folder = trial_folder(tmp_path, trial.trial_id)
        folder.mkdir()
        (folder / "history.json").write_text(json.dumps(history))
        return trial

    def end(trial, status, score=None, step=0):
        if score is not None:
            oracle.update_trial(trial.trial_id, {"val_accuracy": score}, step=step)
        trial.status = status
        oracle.end_trial(trial)

    for score in (0.5, 0.7, 0.6):
        end(begin([entry(1, score)]), "COMPLETED", score)
    end(begin([entry(1, 0.7), entry(2, 0.9), entry(3, 0.8)]), "COMPLETED", 0.9, step=1)
    failed = begin([])
    (trial_folder(tmp_path, failed.trial_id) / "error.txt").write_text(
        "=no such [/width]\x1b[2J\n\ntrace"
    )
    end(failed, "FAILED")
    begin([entry(1, 0.1)])
    return oracle, tmp_path


def test_an_outcome_knows_its_rung_its_parent_and_its_own_epochs_in_trials_csv_too(
    search, tmp_path
):
    trials = outcomes(*search)
    assert [each.status for each in trials] == ["COMPLETED"] * 4 + ["FAILED", "RUNNING"]
    promoted = trials[3]
    assert (promoted.parent, promoted.rung, promoted.initial_epoch) == ("0001", 1, 1)
    assert (promoted.epochs_done, promoted.seconds, promoted.best_epoch) == (2, 1.0, 2)
    assert set(promoted.hyperparameters) == {"x"}
    assert trials[4].error == "=no such [/width]?[2J"
    write_trials(trials, "val_accuracy", tmp_path / "trials.csv")
    rows = list(csv.DictReader((tmp_path / "trials.csv").read_text().splitlines()))
    assert [row["val_accuracy"] for row in rows] == ["0.5", "0.7", "0.6", "0.9", "", ""]
    assert (rows[4]["error"], rows[3]["parent"]) == ("'=no such [/width]?[2J", "0001")
    assert float(rows[3]["x"]) == float(rows[1]["x"])


def test_the_best_comes_first_in_either_direction_and_on_the_leaderboard_and_failures_nowhere(
    search,
):
    trials = outcomes(*search)
    best_first = ranked(trials, "max")
    assert [each.score for each in best_first] == [0.9, 0.7, 0.6, 0.5]
    assert [each.score for each in ranked(trials, "min")] == [0.5, 0.6, 0.7, 0.9]
    equals = [dataclasses.replace(each, score=0.5) for each in trials]
    assert ranked(equals, "max")[0].trial == "0000"
    best_first[0].hyperparameters["kind"] = "[/red]"
    lines = printed(leaderboard(best_first, "val_accuracy", "creditcard [copy].csv")).splitlines()
    assert lines[0].rstrip() == "creditcard [copy].csv"
    (first,) = (line for line in lines if line.split()[:2] == ["1", "0003"])
    assert first.split()[2:6] == ["0.9000", "2", "of", "3"]
    assert first.rstrip().endswith("kind [/red]")


def recorded(**options) -> Console:
    return Console(file=io.StringIO(), width=120, **options)


def printed(renderable) -> str:
    console = recorded()
    console.print(renderable)
    return console.file.getvalue()


def test_the_live_table_shows_running_and_finished_trials_and_the_way_left(search):
    oracle, folder = search
    table = LiveTable(recorded(), oracle, folder)
    text = printed(table.render())
    assert "failed   =no such [/width]?[2J" in text
    assert "0.1000 ..." in text
    assert "5 of 6 trials, 6 of 11 epochs, best 0.9000 (trial 0003)" in text
    assert "left" not in text  # nothing has been done since the table began
    done = [entry(epoch, epoch / 10) for epoch in (1, 2, 3)]
    (trial_folder(folder, "0005") / "history.json").write_text(json.dumps(done))
    assert "about 0:00:0" in printed(table.render())


def test_a_finished_trial_is_a_line_but_on_a_terminal_the_table_is_drawn_in_place(search):
    oracle, folder = search
    console = recorded()
    LiveTable(console, oracle, folder).trial_ended(oracle.trials["0003"])
    assert console.file.getvalue().startswith("Trial 0003: 0.9000; 5 of 6 trials")
    console = recorded(force_terminal=True)
    table = LiveTable(console, oracle, folder)
    with table.live:
        table.live.refresh()
        table.trial_ended(oracle.trials["0003"])
    assert "0.9000" in console.file.getvalue()
    assert "Trial 0003:" not in console.file.getvalue()
