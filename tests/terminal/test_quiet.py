import subprocess
import sys

START = "from keras_suite.terminal.quiet import start_tensorflow; start_tensorflow(verbose={})"


def stderr_of(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_tensorflow_starts_without_a_word():
    done = stderr_of(START.format(False) + "; import tensorflow as tf; tf.constant(1) + 1")
    assert done.returncode == 0
    assert done.stderr == ""


def test_warnings_of_tensorflow_datasets_show_when_verbose_alone():
    warn = "; from absl import logging; logging.warning('no dataset_info.json')"
    assert stderr_of(START.format(False) + warn).stderr == ""
    assert "no dataset_info.json" in stderr_of(START.format(True) + warn).stderr


def test_verbose_lets_tensorflow_speak():
    assert "WARNING" in stderr_of(START.format(True)).stderr


def test_what_was_held_back_is_shown_when_loading_fails():
    broken = (
        "import os, keras_suite.terminal.quiet as quiet\n"
        "def load():\n"
        "    os.write(2, b'a library is missing')\n"
        "    raise ImportError('no')\n"
        "quiet._load = load\n"
        "quiet.start_tensorflow()"
    )
    done = stderr_of(broken)
    assert done.returncode == 1
    assert "a library is missing" in done.stderr
    assert "ImportError: no" in done.stderr


def test_our_own_lines_come_through_afterwards():
    done = stderr_of(START.format(False) + "; import sys; print('ours', file=sys.stderr)")
    assert done.stderr == "ours\n"
