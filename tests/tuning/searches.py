"""Helpers for tests that run searches as processes."""

import csv
import functools
import json
import subprocess
from pathlib import Path

from tests.experiments import processes

TOY = "-m", "tests.tuning.toy_search", "toy"
NAMES = "units", "learning_rate", "optimizer", "bracket", "rung", "epochs", "val_mean_error"


def start(*flags, output: Path, until: str, **environment: str) -> subprocess.Popen:
    """Start a search and wait until it has made a file."""
    process = processes.started(*TOY, *flags, "--output", output, **environment)
    processes.wait_for((output / "toy" / until).exists, process)
    return process


def ended(process: subprocess.Popen, seconds: float = 300) -> tuple[int, str]:
    """Wait for the end of a search, and return its code and standard error."""
    _, err = process.communicate(timeout=seconds)
    return process.returncode, err


def trials(output: Path, name: str = "toy") -> list[dict]:
    with (output / name / "trials.csv").open() as file:
        return list(csv.DictReader(file))


def what_ran(output: Path) -> list[tuple]:
    """Every trial's hyperparameters, epochs and score, whatever its id."""
    return sorted(tuple(trial[name] for name in NAMES) for trial in trials(output))


def best(output: Path) -> dict:
    return json.loads((output / "toy" / "best.json").read_text())


succeed = functools.partial(processes.succeed, *TOY)
