import subprocess
import sys

import pytest

from tests.experiments.processes import ROOT

FRAMEWORKS = "{'tensorflow', 'keras', 'transformers', 'matplotlib', 'requests'}"
HELP = f"""
import runpy, sys
sys.argv[1:] = ["--help"]
try:
    runpy.run_module("keras_suite.serving", run_name="__main__")
finally:
    print({FRAMEWORKS} & set(sys.modules), file=sys.stderr)
"""


def run(*arguments):
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True
    )


def test_help_names_the_commands_and_loads_no_framework():
    done = run("-c", HELP)
    assert (done.returncode, done.stderr) == (0, "set()\n")
    assert "{check,export,predict}" in done.stdout


def test_help_shows_the_defaults():
    done = run("-m", "keras_suite.serving", "predict", "--help")
    assert done.returncode == 0
    assert "(default: standard output)" in " ".join(done.stdout.replace("│", " ").split())
    assert "None" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["export", "missing"], "error: missing is neither a run's folder nor"),
        (["export", "missing", "--keep", "0"], "error: --keep must be at least 1, not 0."),
        (["check"], "error: Name a run's folder"),
        (["predict", "missing"], "error: Give one of --csv FILE, --image FILE ... and --text"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(arguments, sentence):
    done = run("-m", "keras_suite.serving", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
    assert not (ROOT / "models").exists()
