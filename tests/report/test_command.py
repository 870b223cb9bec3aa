import os
import subprocess
import sys
import time

import pytest

from keras_suite.report import __main__ as command
from tests.experiments.processes import ROOT
from tests.report.run_folders import write_run


@pytest.fixture
def report(monkeypatch, capsys):
    """Run the command in this process: exit code, standard output, standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["report", *map(str, arguments)])
        return command.main(), *capsys.readouterr()

    return run


@pytest.mark.parametrize("words", [(), ("compare",)])
def test_help_answers_without_tensorflow(words):
    code = (
        "import runpy, sys\n"
        "try: runpy.run_module('keras_suite.report', run_name='__main__', alter_sys=True)\n"
        "finally: print({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules))"
    )
    line = [sys.executable, "-c", code, *words, "--help"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    started = time.monotonic()
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert time.monotonic() - started < 5
    assert done.returncode == 0
    assert done.stdout.endswith("set()\n")
    assert "--output" in done.stdout


def test_it_says_what_it_wrote_and_names_what_is_broken(report, tmp_path):
    write_run(tmp_path / "runs")
    (write_run(tmp_path / "runs", "20250101-000000-aaaaaaaa") / "metrics.json").write_text("{")
    code, out, _ = report(tmp_path / "runs", "-o", tmp_path / "out")
    assert code == 0
    assert "20250101-000000-aaaaaaaa: metrics.json is not whole JSON" in out
    assert "1 experiment, 2 runs, 1 of them broken" in out
    assert (tmp_path / "out" / "index.html").exists()


def test_names_of_folders_cannot_steer_the_terminal(report, tmp_path):
    for name in ("a\x1b[2J", "b\udcff"):
        (tmp_path / "runs" / "toy" / name).mkdir(parents=True)
    code, out, _ = report(tmp_path / "runs", "-o", tmp_path / "out")
    assert code == 0
    assert "a?[2J: there is no metrics.json" in out
    assert "b?: there is no metrics.json" in out
    found = {"about": "half a pair: \ud800", "config": {"\x1b[2J": "\ud800"}}
    runs = [write_run(tmp_path, "1", "c", **found), write_run(tmp_path, "2", "c")]
    code, out, _ = report("compare", *runs)
    assert code == 0
    assert "\x1b" not in out


def test_bad_input_is_code_2_and_a_sentence(report, tmp_path):
    (tmp_path / "empty").mkdir()
    for arguments in (
        (tmp_path / "none",),
        (tmp_path / "empty",),
        ("compare", tmp_path / "none", tmp_path / "empty"),
    ):
        code, out, error = report(*arguments)
        assert (code, out) == (2, "")
        assert error.startswith("error: ")
        assert error.count("\n") == 1
    assert not (tmp_path / "report").exists()


def test_unknown_flags_are_refused(report, tmp_path):
    with pytest.raises(SystemExit) as stop:
        report(tmp_path, "--form", "pdf")
    assert stop.value.code == 2


def test_two_runs_are_compared_in_the_terminal_and_on_a_page(report, tmp_path):
    runs = [write_run(tmp_path, f"2026010{i}-000000-aaaaaaaa", config={"n": i}) for i in (1, 2)]
    code, out, _ = report("compare", *runs, "-o", tmp_path / "both.html")
    assert code == 0
    assert "0.9000" in out
    assert "Two runs side by side" in (tmp_path / "both.html").read_text()
