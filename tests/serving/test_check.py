import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from keras_suite.runs.read import read_run
from keras_suite.serving.check import check
from keras_suite.serving.check_process import difference, milliseconds
from keras_suite.serving.examples import Examples
from tests.experiments.processes import ROOT
from tests.serving.toy_run import copied, make_run


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "keras_suite", "check", *arguments, "--seconds", "0.05"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_the_command_says_of_each_good_export_how_far_and_how_fast_it_is(kept_run, tmp_path):
    copied(kept_run, tmp_path)
    half = copied(kept_run, tmp_path, "half")
    (half / "metrics.json").write_text('{"experiment": "half", "status": "interrupted"}')
    done = command(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first.startswith(f"Left out: {half} is not done")
    pattern = r"toy: 32 rows, largest difference (\S+); [\d.]+ ms for 1 row, [\d.]+ ms for 32"
    assert float(re.fullmatch(pattern, second)[1]) <= 1e-5


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
    checked = check(read_run(toy), 0.01)
    assert checked.problem.startswith("other outputs: probabilities by ")


def test_inputs_that_the_export_does_not_take_and_lost_examples_are_a_problem(toy):
    examples = Examples.load(toy / "serving" / "examples.npz")
    examples.inputs["features"] = examples.inputs["features"].astype("int32")
    examples.save(toy / "serving" / "examples.npz")
    assert check(read_run(toy), 0.01).problem.startswith("cannot be loaded and called: ")
    (toy / "serving" / "examples.npz").unlink()
    assert "examples.npz" in check(read_run(toy), 0.01).problem


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


def test_the_first_call_is_not_timed_and_at_least_three_are():
    calls = []
    assert 0 < milliseconds(calls.append, 7, seconds=0) < 1000
    assert calls == [7] * 4


@pytest.mark.parametrize("module", ["keras", "keras_suite", "transformers"])
def test_the_process_can_import_neither_us_nor_keras(toy, tmp_path, monkeypatch, module):
    (tmp_path / "tensorflow.py").write_text(f"import {module}")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    assert f"import of {module} halted" in check(read_run(toy), 0.01).problem
