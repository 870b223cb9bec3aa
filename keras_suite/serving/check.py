"""Whether exports give what the models they were made of gave, and how fast."""

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from keras_suite.errors import InputError
from keras_suite.serving.finished_runs import FinishedRun, Runs, find_runs

TOLERANCE = 1e-5
"""Largest absolute difference between two ways to the same output."""
PROCESS = Path(__file__).with_name("check_process.py")


@dataclass(frozen=True)
class Check:
    """Load exports in fresh processes with TensorFlow alone, compare their outputs, time them."""

    runs: Runs
    """A run's folder; an experiment's, for its latest run; or all experiments', for each latest."""
    seconds: float = 2.0
    """To measure each batch size for."""

    def run(self) -> None:
        """Check, and print differences and speeds.

        Raises:
            InputError: where an export does not give its model's outputs, or none can be checked.
        """
        console = Console()
        runs, left_out = find_runs(self.runs)
        with_examples = [run for run in runs if run.examples_file.exists()]
        left_out += [
            f"{run.folder} is of a time when runs kept no examples: run {run.name} again."
            for run in runs
            if run not in with_examples
        ]
        if not with_examples:
            raise InputError(f"Nothing can be checked: {' '.join(left_out)}")
        for sentence in left_out:
            console.print(f"Left out: {sentence}", style="yellow", highlight=False, soft_wrap=True)
        checked = []
        for run in with_examples:
            with console.status(f"{run.name}: checking"):
                checked.append(check(run, self.seconds))
        console.print(_table(checked))
        if wrong := [f"{each.run.folder} ({each.problem})" for each in checked if each.problem]:
            raise InputError(
                "These exports are not what their models were, run the experiments again: "
                f"{', '.join(wrong)}."
            )


@dataclass(frozen=True)
class Checked:
    """What came out for one run."""

    run: FinishedRun
    problem: str
    """What is wrong, or ""."""
    rows: int = 0
    """Examples compared."""
    difference: float = float("inf")
    """The largest absolute one of any output."""
    speeds: list[dict] = field(default_factory=list)
    """See :func:`keras_suite.serving.check_process.speeds`."""


def check(run: FinishedRun, seconds: float = 2.0) -> Checked:
    """Check a run's export in a process that can import TensorFlow, but neither us nor Keras.

    Args:
        run: with examples.
        seconds: to measure each batch size for.
    """
    process = subprocess.run(
        # -P: the script's own folder must not offer its files to imports
        [sys.executable, "-P", PROCESS, run.saved_model, run.examples_file, str(seconds)],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    if process.returncode:
        lines = process.stderr.strip().splitlines() or ["it ended without a word"]
        last = textwrap.shorten(lines[-1], 200, placeholder=" ...")
        return Checked(run, f"cannot be loaded and called: {last}")
    told = json.loads(process.stdout.splitlines()[-1])
    differences = told["differences"]
    wrong = [f"{name} by {apart:.1g}" for name, apart in differences.items() if apart > TOLERANCE]
    problem = f"other outputs: {', '.join(wrong)}" if wrong else ""
    return Checked(run, problem, told["rows"], max(differences.values()), told["speeds"])


def _table(checked: list[Checked]) -> Table:
    table = Table(title="Exports, with TensorFlow alone", title_justify="left", box=SIMPLE_HEAD)
    table.caption = f"difference: the largest of any output; none may be above {TOLERANCE:g}"
    table.title_style, table.caption_justify = "bold", "left"
    table.add_column("model", no_wrap=True)
    for name in ("examples", "difference", "batch", "p50, ms", "p99, ms", "rows/s"):
        table.add_column(name, justify="right")
    for each in checked:
        style = "red" if each.problem else None
        head = [each.run.name, str(each.rows), f"{each.difference:.1e}"]
        for speed in each.speeds or [{"batch": "", "skipped": ""}]:
            table.add_row(*head, *_cells(speed), style=style)
            head = ["", "", ""]
    return table


def _cells(speed: dict) -> list[str]:
    if "skipped" in speed:
        return [
            str(speed["batch"]),
            "",
            "",
            f"skipped: {speed['skipped']}" * bool(speed["skipped"]),
        ]
    milliseconds = [f"{speed[name]:.2f}" for name in ("p50", "p99")]
    return [str(speed["batch"]), *milliseconds, f"{speed['rows_per_second']:,.0f}"]
