"""Helpers for tests that run an experiment as a process and read its run folder."""

import csv
import json
import subprocess
import sys
import time
from pathlib import Path

from keras_suite.runs.read import find_runs
from keras_suite.serving.check import check

ROOT = Path(__file__).parents[2]
QUICK_SAMPLE = ("--preset", "quick", "--data", "sample")


def command(experiment: str, *flags, output: Path) -> list[str]:
    flags = (*flags, "--output", output)
    return [sys.executable, f"experiments/{experiment}.py", *map(str, flags)]


def run(experiment: str, *flags, output: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(experiment, *flags, output=output),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )


def run_until_killed(experiment: str, *flags, output: Path, kept: str = "state/*.npz") -> None:
    """Start a run, and kill it (SIGKILL) once its folder has a file of that name."""
    process = subprocess.Popen(
        command(experiment, *flags, output=output), cwd=ROOT, stdout=subprocess.DEVNULL
    )
    while not list(output.glob(f"{experiment}/*/{kept}")):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()


def latest(output: Path, experiment: str) -> Path:
    return (output / experiment / "latest").resolve()


def read(folder: Path) -> tuple[dict, list[dict]]:
    metrics = json.loads((folder / "metrics.json").read_text())
    with (folder / "history.csv").open() as file:
        return metrics, list(csv.DictReader(file))


def figures_of(folder: Path) -> list[dict]:
    """Read the results of a run, without what differs from one machine's minute to the next."""
    varying = "seconds", "memory"
    metrics, _ = read(folder)
    return [row for row in metrics["results"] if not any(v in row["metric"] for v in varying)]


def export_problem(folder: Path) -> str:
    """Check a run's export against what its model made of test rows; "" where all is well."""
    ((exported,), _) = find_runs([folder])
    return check(exported, seconds=0.02).problem
