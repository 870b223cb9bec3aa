"""Experiments run as processes, and what they leave."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from subprocess import PIPE
from types import ModuleType

from keras_suite.cli import find_experiment
from keras_suite.runs.read import find_runs, read_rows, read_run
from keras_suite.serving.check import check

ROOT = Path(__file__).parents[2]
QUICK_SAMPLE = ("--preset", "quick", "--data", "sample")
ASKED = "--words", "president", "--analogy", "man:men::woman:women", "--neighbours", "5"
MORE_FLAGS = {"word_embeddings": ASKED}


def command(experiment: str, *flags, output: Path) -> list[str]:
    flags = (*flags, "--output", output)
    return [sys.executable, f"experiments/{experiment}.py", *map(str, flags)]


def run(experiment: str, *flags, output: Path) -> subprocess.CompletedProcess:
    line = command(experiment, *flags, output=output)
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300)


def stopped(
    experiment: str, *flags, output: Path, by: signal.Signals = signal.SIGKILL
) -> tuple[Path, str]:
    """Start a run, stop it once it has kept a state, and return its folder and what it said."""
    line = command(experiment, *flags, output=output)
    process = subprocess.Popen(line, cwd=ROOT, text=True, stdout=PIPE, stderr=PIPE)
    while not list(output.glob(f"{experiment}/*/state/[!.]*.npz")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(by)
    _, err = process.communicate(timeout=60)
    assert process.returncode == {signal.SIGINT: 130}.get(by, -by)
    return latest(output, experiment), err


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


@dataclass(frozen=True)
class QuickRun:
    """The quick preset of an experiment on sample data, run as a process in an empty folder."""

    name: str
    output: Path

    @property
    def flags(self) -> tuple[str, ...]:
        return *QUICK_SAMPLE, *MORE_FLAGS.get(self.name, ())

    @cached_property
    def done(self) -> subprocess.CompletedProcess:
        environment = os.environ | {"KERAS_SUITE_CACHE": str(self.output / "cache")}
        line = command(self.name, *self.flags, output=self.output)
        return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True)

    @property
    def out(self) -> str:
        assert (self.done.returncode, self.done.stderr) == (0, "")
        return self.done.stdout

    @property
    def experiment(self) -> ModuleType:
        return find_experiment(self.name)

    @cached_property
    def folder(self) -> Path:
        assert self.out
        return latest(self.output, self.name)

    @cached_property
    def metrics(self) -> dict:
        return read(self.folder)[0]

    @cached_property
    def history(self) -> list[dict]:
        return read(self.folder)[1]

    @cached_property
    def figures(self) -> dict[tuple[str, str, str], float]:
        """Every figure by names, table and metric."""
        entries = read_run(self.folder).entries
        return {(each.of, each.table, each.metric): each.reproduced for each in entries}

    @property
    def variants(self) -> list:
        return self.experiment.variants(self.experiment.PRESETS["quick"])
