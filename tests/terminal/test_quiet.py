import subprocess
import sys

import pytest

START = """
import sys
from keras_suite.terminal.quiet import start_tensorflow
start_tensorflow(verbose={})
import tensorflow as tf
from absl import logging
tf.constant(1) + 1
logging.warning("no dataset_info.json")
print("ours", file=sys.stderr)
"""
BROKEN = """
import os, keras_suite.terminal.quiet as quiet
def load():
    os.write(2, b"a library is missing")
    raise ImportError("no")
quiet._load = load
quiet.start_tensorflow()
"""


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


@pytest.mark.parametrize("verbose", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_tensorflow_speaks_only_where_it_is_asked_to_and_we_afterwards(verbose):
    done = run(START.format(verbose))
    *theirs, ours = done.stderr.splitlines()
    assert (done.returncode, ours) == (0, "ours")
    if verbose:
        assert "WARNING: All log messages before absl" in done.stderr
        assert any("no dataset_info.json" in line for line in theirs)
    else:
        assert theirs == []


def test_what_was_held_back_is_shown_when_loading_fails():
    done = run(BROKEN)
    assert done.returncode == 1
    assert "a library is missing" in done.stderr
    assert "ImportError: no" in done.stderr
