"""Experiments run as processes, and what they leave."""

import dataclasses
import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from types import ModuleType

import tensorflow as tf

from keras_suite.cli import find_experiment
from keras_suite.config import ExperimentConfig
from keras_suite.runs.read import find_runs, read_rows, read_run
from keras_suite.serving.check import check

LOAD = functools.cache(tf.saved_model.load)
ROOT = Path(__file__).parents[2]
QUICK_SAMPLE = ("--preset", "quick", "--data", "sample")
ASKED = "--words", "president", "--analogy", "man:men::woman:women", "--neighbours", "5"
MORE_FLAGS = {"word_embeddings": ASKED}


def command(experiment: str, *flags, output: Path) -> list[str]:
    flags = (*flags, "--output", output)
    return [sys.executable, f"experiments/{experiment}.py", *map(str, flags)]


def python(*arguments, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess:
    process = started(*arguments, cwd=cwd, **environment)
    out, err = process.communicate(timeout=380)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def succeed(*arguments, cwd: Path = ROOT, **environment: str) -> str:
    done = python(*arguments, cwd=cwd, **environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def started(*arguments, cwd: Path = ROOT, **environment: str) -> subprocess.Popen:
    line, env = [sys.executable, *map(str, arguments)], os.environ | environment
    return subprocess.Popen(line, cwd=cwd, env=env, stdout=PIPE, stderr=PIPE, text=True)


def wait_for(condition: Callable[[], object], process: subprocess.Popen) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def run(experiment: str, *flags, output: Path) -> subprocess.CompletedProcess:
    return python(*command(experiment, *flags, output=output)[1:])


def finished(experiment: str, *flags, output: Path) -> tuple[dict, str]:
    """Run an experiment to its end, and return its figures and what it said."""
    said = succeed(*command(experiment, *flags, output=output)[1:])
    return figures(latest(output, experiment)), said


def stopped(
    experiment: str, *flags, output: Path, by: signal.Signals = signal.SIGKILL
) -> tuple[Path, str]:
    """Start a run, stop it once it has kept a state, and return its folder and what it said."""
    process = started(*command(experiment, *flags, output=output)[1:])
    wait_for(lambda: list(output.glob(f"{experiment}/*/state/[!.]*.npz")), process)
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


def figures(folder: Path) -> dict[tuple[str, str, str], float]:
    """Every figure of a run by names, table and metric."""
    entries = read_run(folder).entries
    return {(each.of, each.table, each.metric): each.reproduced for each in entries}


def figures_of(folder: Path) -> list[dict]:
    """Read the results of a run, without what differs from one machine's minute to the next."""
    varying = "seconds", "memory"
    metrics, _ = read(folder)
    return [row for row in metrics["results"] if not any(v in row["metric"] for v in varying)]


def export_problem(folder: Path) -> str:
    """Check a run's export against what its model made of test rows; "" where all is well."""
    ((exported,), _) = find_runs([folder])
    return check(exported, seconds=0.02).problem


def quick(experiment: ModuleType) -> ExperimentConfig:
    """Return the quick preset on sample data."""
    return dataclasses.replace(experiment.PRESETS["quick"], data="sample")


@dataclass(frozen=True)
class QuickRun:
    """The quick preset of an experiment on sample data, run as a process in an empty folder."""

    name: str
    output: Path

    @property
    def flags(self) -> tuple[str, ...]:
        return *QUICK_SAMPLE, *MORE_FLAGS.get(self.name, ())

    @functools.cached_property
    def out(self) -> str:
        line = command(self.name, *self.flags, output=self.output)
        return succeed(*line[1:], KERAS_SUITE_CACHE=str(self.output / "cache"))

    @property
    def experiment(self) -> ModuleType:
        return find_experiment(self.name)

    @functools.cached_property
    def folder(self) -> Path:
        assert self.out
        return latest(self.output, self.name)

    def predict(self, **inputs) -> dict:
        """Compute what the export gives."""
        served = LOAD(str(self.folder / "serving" / self.name / "1"))
        given = {name: tf.constant(value) for name, value in inputs.items()}
        return served.signatures["serving_default"](**given)

    @functools.cached_property
    def metrics(self) -> dict:
        return read(self.folder)[0]

    @functools.cached_property
    def history(self) -> list[dict]:
        return read(self.folder)[1]

    @functools.cached_property
    def figures(self) -> dict[tuple[str, str, str], float]:
        return figures(self.folder)

    @property
    def variants(self) -> list:
        return self.experiment.variants(self.experiment.PRESETS["quick"])
