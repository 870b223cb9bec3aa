import contextlib
import dataclasses
import io
import os
import shutil
import signal

import keras_tuner as kt
import pytest
from keras_suite.tuning.outcome import write_best
from keras_suite.tuning.search import base_config, find_experiment, parse

from keras_suite import cli
from keras_suite.errors import InputError
from tests.tuning.searches import best, start, succeed, trials, wait_for, what_ran
from tests.tuning.toy_search import main

SMALL = "--max-epochs", "3", "--data", "sample"


def here(*flags, output):
    """Search in this process: exit code, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["toy", *flags, "--output", str(output)])
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed")
    code, out, err = here(*SMALL, output=output)
    assert (code, err) == (0, "")
    return output, out


def test_it_says_what_it_will_spend_and_shows_the_best_trial_first(undisturbed):
    output, out = undisturbed
    assert out.index("Hyperband: 6 trials, 11 epochs in all") < out.index("Trial 0000")
    assert "for the best val_mean_error (min)" in out
    assert "about 0:00:" in out
    scores = [float(trial["val_mean_error"]) for trial in trials(output)]
    first = next(line for line in out.splitlines() if line.split()[:1] == ["1"])
    assert first.split()[2] == f"{min(scores):.4f}"


def test_it_leaves_tables_figures_and_logs_and_no_states(undisturbed):
    folder = undisturbed[0] / "toy"
    rows = trials(undisturbed[0])
    assert [row["trial"] for row in rows] == [f"{i:04d}" for i in range(6)]
    assert {row["status"] for row in rows} == {"COMPLETED"}
    assert sum(int(row["epochs"]) - int(row["initial_epoch"]) for row in rows) == 11
    figures = {path.name for path in (folder / "figures").iterdir()}
    assert figures == {"curves_by_bracket.png", "hyperparameters.png"}  # 6 trials: no importance
    assert len(list((folder / "tensorboard").iterdir())) == 6
    assert not list(folder.rglob("state.npz"))
    assert not list(folder.rglob(".partial-*"))


def test_best_json_is_the_config_of_the_best_trial_without_seed_and_data(undisturbed):
    row = min(trials(undisturbed[0]), key=lambda row: float(row["val_mean_error"]))
    fields = best(undisturbed[0])
    assert fields["units"] == int(row["units"])
    assert fields["learning_rate"] == float(row["learning_rate"])
    assert fields["optimizer"] == row["optimizer"]
    assert not {"seed", "data", "data_dir"} & set(fields)


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
        process = start(*SMALL, "--resume", output=tmp_path)
        wait_for((tmp_path / "toy" / moment).exists, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    out = succeed(*SMALL, "--resume", output=tmp_path)
    assert "Trial 0000" not in out  # it was finished before the first kill
    assert "Trial 0005" in out
    assert what_ran(tmp_path) == what_ran(undisturbed[0])
    assert best(tmp_path) == best(undisturbed[0])


@pytest.mark.slow
def test_ctrl_c_is_code_130_and_can_be_resumed(tmp_path):
    process = start(*SMALL, output=tmp_path)
    wait_for((tmp_path / "toy" / "trial_0001" / "state.npz").exists, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert err == "Interrupted; the same command with --resume goes on.\n"


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


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--max-epochs", "0"], "--max-epochs must be at least 1, not 0."),
        (["--factor", "1"], "--factor must be at least 2, not 1."),
        (["--workers", "0"], "--workers must be at least 1, not 0."),
        (["--resume", "--overwrite"], "--resume and --overwrite exclude each other"),
    ],
)
def test_bad_options_are_refused(flags, sentence):
    with pytest.raises(InputError, match=f"^{sentence}"):
        parse(["fashion_mnist", *flags])


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("neurones=3", "--set: there is no field 'neurones'; the fields are .*neurons"),
        ("neurons=many", "--set: neurons must be of type int, not 'many'"),
        ("neurons=0", "--set: --neurons must be at least 1, not 0"),
        ("neurons", "--set neurons: write it as field=value"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(setting, sentence):
    options = parse(["fashion_mnist", "--set", setting])
    with pytest.raises(InputError, match=sentence):
        base_config(find_experiment("fashion_mnist"), options)


def test_settings_of_any_type_reach_the_config():
    given = ["filters=8,16", "learning-rate=0.1", "resample=False", "n_neighbors=3"]
    config = base_config(find_experiment("fraud"), parse(["fraud", "--set", *given]))
    assert (config.filters, config.learning_rate) == ((8, 16), 0.1)
    assert (config.resample, config.n_neighbors) == (False, 3)


def test_a_different_search_in_the_folder_is_one_sentence_with_code_2_and_nothing_is_lost(
    undisturbed,
):
    output = undisturbed[0]
    before = {path: path.stat().st_mtime for path in output.rglob("*") if path.name != ".lock"}
    code, _, err = here(*SMALL, "--resume", "--seed", "7", output=output)
    assert code == 2
    assert err.startswith(f"error: {output}/toy holds a different search: seed (42, now 7)")
    assert err.count("\n") == 1
    after = {path: path.stat().st_mtime for path in output.rglob("*") if path.name != ".lock"}
    assert after == before


def test_trials_that_fail_in_a_row_end_the_search_with_their_sentence(tmp_path):
    code, _, err = here(*SMALL, "--set", "units=1", "most_units=1", output=tmp_path)
    assert code == 2
    assert err.startswith("error: 3 trials in a row failed, the last with: --units must be at most")
    assert err.count("\n") == 1
    assert [row["status"] for row in trials(tmp_path)] == ["FAILED"] * 3


def test_overwrite_begins_anew(undisturbed, tmp_path):
    shutil.copytree(undisturbed[0], tmp_path / "copy")
    flags = "--max-epochs", "1", "--overwrite", "--seed", "3"
    code, out, _ = here(*flags, output=tmp_path / "copy")
    assert code == 0
    assert "Trial 0000" in out
    assert len(trials(tmp_path / "copy")) == 1
    assert not (tmp_path / "copy" / "toy" / "trial_0005").exists()
    assert os.listdir(tmp_path / "copy") == ["toy"]
