"""Helpers for tests that run searches as processes."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.experiments.processes import ROOT

TOY = [sys.executable, "-m", "tests.tuning.toy_search", "toy"]


def start(*flags, output: Path, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [*TOY, *map(str, flags), "--output", str(output)],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def search(*flags, output: Path, **environment: str) -> subprocess.CompletedProcess:
    process = start(*flags, output=output, **environment)
    out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def succeed(*flags, output: Path) -> str:
    done = search(*flags, output=output)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def trials(output: Path) -> list[dict]:
    with (output / "toy" / "trials.csv").open() as file:
        return list(csv.DictReader(file))


def what_ran(output: Path) -> list[tuple]:
    """Every trial's hyperparameters, epochs and score, whatever its id."""
    names = "units", "learning_rate", "optimizer", "bracket", "rung", "epochs", "val_mean_error"
    return sorted(tuple(trial[name] for name in names) for trial in trials(output))


def best(output: Path) -> dict:
    return json.loads((output / "toy" / "best.json").read_text())


def wait_for(
    condition: Callable[[], bool], process: subprocess.Popen, seconds: float = 120
) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
