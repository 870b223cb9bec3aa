import contextlib
import dataclasses
import io
import os
import resource
import shutil
import signal
import subprocess
import sys

import keras_tuner as kt
import pytest
from keras_suite.tuning.outcome import write_best
from keras_suite.tuning.search import base_config, find_experiment, parse

from keras_suite import cli
from tests.experiments import processes
from tests.tuning.searches import TOY, best, ended, start, succeed, trials, what_ran
from tests.tuning.toy_search import main

SMALL = "--max-epochs", "3", "--data", "sample"


def here(*flags, output, name="toy"):
    """Search in this process: exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([name, *flags, "--output", str(output)])
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed") / "searches[1] [red] ü*?"
    code, out, err = here(*SMALL, output=output)
    assert (code, err) == (0, "")
    return output, out


def test_it_says_what_it_will_spend_and_shows_the_best_trial_first_whose_config_is_kept(
    undisturbed,
):
    output, out = undisturbed
    assert out.index("Hyperband: 6 trials, 11 epochs in all") < out.index("Trial 0000")
    assert "for the best val_mean_error (min)" in out
    assert "about 0:00:" in out
    assert f"Search: {output}/toy\n" in out
    row = min(trials(output), key=lambda row: float(row["val_mean_error"]))
    first = next(line for line in out.splitlines() if line.split()[:1] == ["1"])
    assert first.split()[2] == f"{float(row['val_mean_error']):.4f}"
    fields = best(output)
    for name in ("units", "learning_rate", "optimizer"):
        assert str(fields[name]) == row[name]
    assert not {"seed", "data", "data_dir"} & set(fields)


def test_it_leaves_tables_figures_and_logs_and_no_states(undisturbed):
    folder, rows = undisturbed[0] / "toy", trials(undisturbed[0])
    ended = [(f"{i:04d}", "COMPLETED") for i in range(6)]
    assert [(row["trial"], row["status"]) for row in rows] == ended
    assert sum(int(row["epochs"]) - int(row["initial_epoch"]) for row in rows) == 11
    figures = {path.name for path in (folder / "figures").iterdir()}
    assert figures == {"curves_by_bracket.png", "hyperparameters.png"}  # 6 trials: no importance
    assert len(list((folder / "tensorboard").iterdir())) == 6
    assert not list(folder.rglob("state.npz"))
    assert not list(folder.rglob(".partial-*"))


def test_a_search_that_is_done_is_only_reported_again(undisturbed, tmp_path):
    shutil.copytree(undisturbed[0], tmp_path / "copy")
    before = what_ran(tmp_path / "copy")
    code, out, err = here(*SMALL, "--resume", output=tmp_path / "copy")
    assert (code, err) == (0, "")
    assert "6 trials, 6 of them done" in out
    assert "Trial 00" not in out
    assert what_ran(tmp_path / "copy") == before


@pytest.mark.slow
def test_killed_at_two_moments_and_resumed_it_ends_as_the_undisturbed_search(undisturbed, tmp_path):
    for moment in ("trial_0001/state.npz", "trial_0004/state.npz"):
        process = start(*SMALL, "--resume", output=tmp_path, until=moment)
        process.send_signal(signal.SIGKILL)
        ended(process)
    out = succeed(*SMALL, "--resume", "--output", tmp_path)
    assert "Trial 0000" not in out  # it was finished before the first kill
    assert "Trial 0005" in out
    assert what_ran(tmp_path) == what_ran(undisturbed[0])
    assert best(tmp_path) == best(undisturbed[0])


def test_an_experiment_takes_best_json_back(tmp_path):
    fashion_mnist = find_experiment("fashion_mnist")
    hp = kt.HyperParameters()
    hp.Fixed("neurons", 48)
    best = fashion_mnist.search_space(hp, fashion_mnist.Config(seed=7, batch_size=64))
    write_best(best, tmp_path / "best.json")
    flags = "--config", str(tmp_path / "best.json"), "--epochs", "2", "--data", "sample"
    _, config = cli.parse(fashion_mnist, list(flags))
    assert config == dataclasses.replace(best, seed=42, epochs=2, data="sample")
    names = [each.model for each in fashion_mnist.variants(config)]
    assert names == ["512, baseline", "48, tuned"]


def test_settings_of_any_type_reach_the_config():
    given = ["filters=8,16", "learning-rate=0.1", "resample=False", "n_neighbors=3"]
    config = base_config(find_experiment("fraud"), parse(["fraud", "--set", *given]))
    assert (config.filters, config.learning_rate) == ((8, 16), 0.1)
    assert (config.resample, config.n_neighbors) == (False, 3)


def test_a_different_search_in_the_folder_is_one_sentence_with_code_2_and_nothing_is_lost(
    undisturbed,
):
    def times():
        return {path: path.stat().st_mtime for path in output.rglob("*") if path.name != ".lock"}

    output = undisturbed[0]
    before = times()
    code, _, err = here(*SMALL, "--resume", "--seed", "7", output=output)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(f"error: {output}/toy holds a different search: seed (42, now 7)")
    assert times() == before


def test_trials_that_fail_in_a_row_end_the_search_with_their_sentence(tmp_path):
    code, _, err = here(*SMALL, "--set", "units=1", "most_units=1", output=tmp_path)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("error: 3 trials in a row failed, the last with: --units must be at most")
    assert [row["status"] for row in trials(tmp_path)] == ["FAILED"] * 3


def test_overwrite_begins_anew(undisturbed, tmp_path):
    shutil.copytree(undisturbed[0], tmp_path / "copy")
    output = tmp_path / "copy"
    code, out, _ = here("--max-epochs", "1", "--overwrite", "--seed", "3", output=output)
    assert code == 0
    assert "Trial 0000" in out
    assert len(trials(output)) == 1
    assert not (output / "toy" / "trial_0005").exists()
    assert os.listdir(output) == ["toy"]


@pytest.mark.slow
def test_hyperparameters_that_only_some_trials_have_are_all_sampled_and_drawn(tmp_path):
    """Those of a condition that the first trial need not meet, too."""
    flags = "--max-epochs", "9", "--data", "sample"
    code, _, err = here(*flags, output=tmp_path, name="conditional")
    assert (code, err) == (0, "")
    rows = trials(tmp_path, "conditional")
    has = {"adam": (), "rmsprop": ("rate",), "sgd": ("rate", "units_1", "units_2")}
    assert {row["optimizer"] for row in rows} == set(has)
    for row in rows:
        names = tuple(name for name in ("rate", "units_1", "units_2") if row[name])
        assert names == has[row["optimizer"]]
    assert len({row["units_2"] for row in rows}) > 4
    figures = {path.name for path in (tmp_path / "conditional" / "figures").iterdir()}
    assert figures == {"curves_by_bracket.png", "hyperparameters.png", "importance.png"}


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "codes"), [("1", [-9, -9, 0]), ("2", [2, 0])])
def test_a_trial_that_kills_its_process_is_given_out_twice_at_most(tmp_path, workers, codes):
    flags = "deadly", *SMALL, "--workers", workers, "--output", tmp_path, "--resume"
    for code in codes:
        done = processes.python(*TOY[:2], *flags)
        assert done.returncode == code
    errors = {row["units"]: row["error"] for row in trials(tmp_path, "deadly")}
    assert errors == {"2": "", "4": "", "62": "its process was killed: memory?"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workers", "at_most"), [("1", 100), ("1", 2000), ("1", 8000), ("1", 16000), ("2", 8000)]
)
def test_a_full_drive_is_a_sentence_and_no_trial_fails_by_it(
    undisturbed, tmp_path, workers, at_most
):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (at_most, at_most))

    flags = *SMALL, "--workers", workers, "--output", tmp_path, "--resume"
    line = [sys.executable, *TOY, *map(str, flags)]
    how = {"cwd": processes.ROOT, "capture_output": True, "text": True}
    done = subprocess.run(line, preexec_fn=limit, **how)
    assert done.returncode == 2
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob(".partial-*"))
    succeed(*flags)
    assert what_ran(tmp_path) == what_ran(undisturbed[0])
    assert {row["error"] for row in trials(tmp_path)} == {""}
