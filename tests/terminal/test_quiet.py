import json

import pytest

from tests.experiments.processes import python

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
SETTINGS = """
from keras_suite.terminal.quiet import start_tensorflow
start_tensorflow()
import keras
from keras_suite.layers.transformers_tf import tf_keras
for each in keras.config, tf_keras.backend:
    print(each.floatx(), each.epsilon(), each.image_data_format())
"""
BROKEN = """
import os, keras_suite.terminal.quiet as quiet
def load(with_keras):
    os.write(2, b"a library is missing")
    raise ImportError("no")
quiet._load = load
quiet.start_tensorflow()
"""


@pytest.mark.parametrize("verbose", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_tensorflow_speaks_only_where_it_is_asked_to_and_we_afterwards(verbose):
    done = python("-c", START.format(verbose))
    *theirs, ours = done.stderr.splitlines()
    assert (done.returncode, ours) == (0, "ours")
    for their in ("WARNING: All log messages before absl", "no dataset_info.json"):
        assert any(their in line for line in theirs) == verbose
    assert verbose or theirs == []


def test_what_was_held_back_is_shown_when_loading_fails():
    done = python("-c", BROKEN)
    assert done.returncode == 1
    for told in ("a library is missing", "ImportError: no"):
        assert told in done.stderr


def test_what_another_program_has_set_for_keras_decides_nothing_here(tmp_path):
    settings = {"floatx": "float16", "epsilon": 0.1, "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    done = python("-c", SETTINGS, KERAS_HOME=str(tmp_path))
    assert done.stdout.split() == ["float32", "1e-07", "channels_last"] * 2


def test_where_the_import_kills_the_process_it_is_said_by_what():
    done = python("-c", BROKEN.replace('raise ImportError("no")', "os.abort()"))
    assert done.returncode < 0
    assert "Fatal Python error: Aborted" in done.stderr


FULL = """
import errno, tempfile
def full():
    raise OSError(errno.ENOSPC, "No space left on device")
tempfile.TemporaryFile = full
"""


def test_without_room_for_temporary_files_it_starts_all_the_same():
    done = python("-c", FULL + BROKEN.replace('raise ImportError("no")', "pass"))
    assert (done.returncode, done.stderr) == (0, "a library is missing")
