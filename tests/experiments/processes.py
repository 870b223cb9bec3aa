"""Helpers for tests that run an experiment as a process and read its run folder."""

import json
import subprocess
import sys
import time
from pathlib import Path

from keras_suite.runs.read import find_runs, read_rows
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


def resumed(experiment: str, *flags, output: Path, kept: str) -> Path:
    """Kill a run once its folder has a file of that name, go on with it, and return its folder."""
    run_until_killed(experiment, *flags, output=output, kept=kept)
    folder = latest(output, experiment)
    assert read(folder)[0]["status"] == "running"
    done = run(experiment, *flags, "--resume", output=output)
    assert (done.returncode, done.stderr) == (0, "")
    assert latest(output, experiment) == folder
    return folder


def latest(output: Path, experiment: str) -> Path:
    return (output / experiment / "latest").resolve()


def read(folder: Path) -> tuple[dict, list[dict]]:
    """Read metrics.json, which must be strict JSON, and history.csv, which may be missing."""
    metrics = json.loads((folder / "metrics.json").read_text(), parse_constant=_refused)
    return metrics, read_rows(folder / "history.csv")[0]


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def figures_of(folder: Path) -> list[dict]:
    """Read the results of a run, without what differs from one machine's minute to the next."""
    varying = "seconds", "memory"
    metrics, _ = read(folder)
    return [row for row in metrics["results"] if not any(v in row["metric"] for v in varying)]


def export_problem(folder: Path) -> str:
    """Check a run's export against what its model made of test rows; "" where all is well."""
    ((exported,), _) = find_runs([folder])
    return check(exported, seconds=0.02).problem
