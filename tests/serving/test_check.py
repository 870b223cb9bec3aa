import shutil
import subprocess
import sys

import numpy as np
import pytest

from keras_suite.serving.check import check
from keras_suite.serving.check_process import difference, speeds
from keras_suite.serving.examples import Examples
from keras_suite.serving.finished_runs import FinishedRun
from tests.experiments.processes import ROOT
from tests.serving.toy_run import copied, make_run


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "keras_suite.serving", "check", *arguments, "--seconds", "0.05"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_the_command_passes_good_exports_and_leaves_out_those_without_examples(kept_run, tmp_path):
    copied(kept_run, tmp_path)
    old = copied(kept_run, tmp_path, "old")
    (old / "serving" / "examples.npz").unlink()
    (old / "serving" / "toy").rename(old / "serving" / "old")
    metrics = (old / "metrics.json").read_text()
    (old / "metrics.json").write_text(metrics.replace('"toy"', '"old"'))
    done = command(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Left out: {old} is of a time when runs kept no examples" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    (first,) = [row for row in rows if row[:1] == ["toy"]]
    assert first[1] == "32"
    assert float(first[2]) <= 1e-5
    assert [row[-4] for row in rows if len(row) in (4, 7) and row[-4].isdecimal()] == [
        "1", "32", "256",
    ]  # fmt: skip


def test_the_command_names_the_outputs_that_differ_or_are_lost(toy):
    examples = Examples.load(toy / "serving" / "examples.npz")
    examples.outputs["scores"][5] += 1
    examples.outputs["lost"] = np.zeros(32, "float32")
    examples.save(toy / "serving" / "examples.npz")
    done = command(toy)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"{toy} (other outputs: scores by 1, lost by inf)" in done.stderr


def test_other_weights_are_found(toy, tmp_path):
    other = make_run(tmp_path / "other", seed=1)
    shutil.rmtree(toy / "serving" / "toy" / "1")
    shutil.copytree(other / "serving" / "toy" / "1", toy / "serving" / "toy" / "1")
    checked = check(FinishedRun(toy), 0.01)
    assert checked.problem.startswith("other outputs: probabilities by ")
    assert checked.difference > 0.01


def test_inputs_that_the_export_does_not_take_are_a_problem(toy):
    examples = Examples.load(toy / "serving" / "examples.npz")
    examples.inputs["features"] = examples.inputs["features"].astype("int32")
    examples.save(toy / "serving" / "examples.npz")
    checked = check(FinishedRun(toy), 0.01)
    assert checked.problem.startswith("cannot be loaded and called: ")
    assert checked.speeds == []


def test_nothing_to_check_is_said(toy):
    (toy / "serving" / "examples.npz").unlink()
    done = command(toy)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Nothing can be checked: ")


@pytest.mark.parametrize(
    ("found", "expected", "apart"),
    [
        (np.array([1.0, 2.0]), np.array([1.0, 2.5]), 0.5),
        (np.array([3], np.uint8), np.array([5], np.uint8), 2),
        (np.array([b"a", b"bc"], object), np.array([b"a", b"bc"]), 0),
        (np.array([b"a", b"bd"], object), np.array([b"a", b"bc"]), np.inf),
        (np.array([np.nan]), np.array([np.nan]), np.inf),
        (np.zeros((2, 1)), np.zeros(2), np.inf),
        (None, np.zeros(2), np.inf),
        (np.zeros(0), np.zeros(0), 0),
    ],
)
def test_difference_is_the_largest_or_infinite(found, expected, apart):
    assert difference(found, expected) == apart


def test_speeds_repeat_the_rows_up_to_the_batch():
    sizes = []

    def call(inputs):
        sizes.append(inputs["x"].shape)
        assert set(inputs["x"][:, 0]) <= {0, 1, 2}

    measured = speeds(call, {"x": np.arange(6).reshape(3, 2) // 2}, seconds=0)
    assert sizes == [(1, 2)] * 4 + [(32, 2)] * 4 + [(256, 2)] * 4  # the first of four is not timed
    for each, batch in zip(measured, (1, 32, 256), strict=True):
        assert (each["batch"], each["calls"]) == (batch, 3)
        assert 0 < each["p50"] <= each["p99"]
        assert each["rows_per_second"] > 0


def test_a_batch_that_would_take_too_long_is_skipped_with_a_word(monkeypatch):
    monkeypatch.setattr("keras_suite.serving.check_process.LONGEST_CALL", 0.0)
    first, *others = speeds(lambda _: None, {"x": np.zeros((3, 2))}, seconds=0)
    assert first["calls"] == 3
    assert [each["batch"] for each in others] == [32, 256]
    assert all("a call would take about 0 s" in each["skipped"] for each in others)


@pytest.mark.parametrize("module", ["keras", "keras_suite", "transformers"])
def test_the_process_can_import_neither_us_nor_keras(toy, tmp_path, monkeypatch, module):
    (tmp_path / "tensorflow.py").write_text(f"import {module}")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    assert f"import of {module} halted" in check(FinishedRun(toy), 0.01).problem
