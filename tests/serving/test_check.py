import re

import numpy as np
import pytest
import tensorflow as tf

from keras_suite.runs.read import read_run
from keras_suite.serving import check_process
from keras_suite.serving.check import check
from keras_suite.serving.examples import Examples
from tests.experiments.processes import ROOT
from tests.serving.tiny_models import copied

EXAMPLES, ROWS = "serving/examples.npz", np.arange(40.0)[:, None]
DOUBLING = """
from types import SimpleNamespace as Some
constant = lambda array: array
double = lambda features: {"scores": Some(numpy=lambda: features * 2)}
saved_model = Some(load=lambda _: Some(signatures={"serving_default": double}))
"""
NO_PATTERN = """
import pathlib
found = saved_model.load
def load(path):
    assert not set(path) & set("*?[\\\\") and list(pathlib.Path(path).iterdir())
    return found(path)
saved_model.load = load
"""


@pytest.fixture
def tensorflow(tmp_path, monkeypatch):
    """Give the process that checks this code in TensorFlow's place, which takes it seconds."""
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    return (tmp_path / "tensorflow.py").write_text


def test_the_command_says_how_far_and_fast_each_export_is_and_which_differ(
    kept_run, tmp_path, do, tensorflow
):
    tensorflow(DOUBLING)
    good, wrong = copied(kept_run, tmp_path / "all"), copied(kept_run, tmp_path / "wrong")
    half = copied(kept_run, tmp_path / "all", "half", status="interrupted")
    Examples({"features": ROWS}, {"scores": 2 * ROWS + 1e-6}).save(good / EXAMPLES)
    Examples({"features": ROWS}, {"scores": 2 * ROWS + 1, "lost": ROWS}).save(wrong / EXAMPLES)
    code, out, err = do("check", tmp_path / "all", wrong, "--seconds", "0")
    left_out, first, second = out.splitlines()
    assert left_out.startswith(f"Left out: {half} is not done")
    pattern = r"toy: 40 rows, largest difference (\S+); [\d.]+ ms for 1 row, [\d.]+ ms for 40"
    assert float(re.fullmatch(pattern, first)[1]) == pytest.approx(1e-6, rel=0.5)
    assert second == "toy: other outputs: scores by 1, lost by inf"
    assert (code, err.count("\n")) == (2, 1)
    assert f"again: {wrong} (other outputs: scores by 1, lost by inf)." in err


@pytest.mark.parametrize("name", ["runs[1]", "a*", "what?", "back\\slash"])
def test_a_folder_is_no_pattern(kept_run, tmp_path, do, tensorflow, name):
    tensorflow(DOUBLING + NO_PATTERN)
    run = copied(kept_run, tmp_path / name)
    Examples({"features": ROWS}, {"scores": 2 * ROWS}).save(run / EXAMPLES)
    code, out, err = do("check", run, "--seconds", "0")
    assert (code, out.startswith("toy: 40 rows"), err) == (0, True, "")


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import keras", "import of keras halted"),
        ("import keras_suite", "import of keras_suite halted"),
        ("import transformers", "import of transformers halted"),
        ("import os; os._exit(3)", "it ended without a word"),
        ("", "examples.npz"),
    ],
)
def test_a_process_that_needs_us_or_keras_or_lacks_examples_is_a_problem(
    toy, tensorflow, code, problem
):
    tensorflow(code)
    (toy / EXAMPLES).unlink()
    found = check(read_run(toy), 0.01).problem
    assert found.startswith("cannot be loaded and called: ")
    assert problem in found


def test_examples_are_compared_with_what_the_export_gives(toy):
    paths = str(toy / "serving" / "toy" / "1"), str(toy / EXAMPLES)
    examples = Examples.load(toy / EXAMPLES)
    examples.outputs["scores"][5] += 1
    examples.save(toy / EXAMPLES)
    told = check_process.main(*paths, seconds=0)
    assert (told["rows"], len(told["milliseconds"])) == (32, 2)
    assert told["differences"] == pytest.approx({"probabilities": 0, "scores": 1}, abs=1e-5)
    examples.inputs["features"] = examples.inputs["features"].astype("int32")
    examples.save(toy / EXAMPLES)
    with pytest.raises(tf.errors.InvalidArgumentError, match="float"):
        check_process.main(*paths, seconds=0)


@pytest.mark.parametrize(
    ("found", "expected", "apart"),
    [
        (np.array([1.0, 2.0]), np.array([1.0, 2.5]), 0.5),
        (np.uint8([3]), np.uint8([5]), 2),
        (np.array([b"a", b"bc"], object), np.array([b"a", b"bc"]), 0),
        (np.array([b"a", b"bd"], object), np.array([b"a", b"bc"]), np.inf),
        (np.array([np.nan]), np.array([np.nan]), np.inf),
        (np.zeros((2, 1)), np.zeros(2), np.inf),
        (None, np.zeros(2), np.inf),
        (np.zeros(0), np.zeros(0), 0),
    ],
)
def test_difference_is_the_largest_or_infinite(found, expected, apart):
    assert check_process.difference(found, expected) == apart


def test_the_first_call_is_not_timed_and_at_least_three_are():
    calls = []
    assert 0 < check_process.milliseconds(calls.append, 7, seconds=0) < 1000
    assert calls == [7] * 4
