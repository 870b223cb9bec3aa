"""Whether exports give what the models they were made of gave, and how fast."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from keras_suite.errors import InputError, in_a_line, printable
from keras_suite.runs.read import RunFolder
from keras_suite.serving.arguments import Runs, console, find_and_tell
from keras_suite.serving.patterns import without_patterns

TOLERANCE = 1e-5  # the largest absolute difference between two ways to the same output


@dataclass(frozen=True)
class Check:
    """Load exports in fresh processes with TensorFlow alone, compare their outputs, time them."""

    runs: Runs
    """A run's folder; an experiment's, for its latest run; or all experiments', for each latest."""
    seconds: float = 2.0
    """Seconds to measure a call with one row, and one with all examples, for."""

    def run(self) -> None:
        """Print a line for each run; raise InputError where one's export gives other outputs."""
        terminal = console()
        wrong = []
        for run in find_and_tell(self.runs, terminal):
            with terminal.status(Text(f"{run.name}: checking")):
                checked = check(run, self.seconds)
            terminal.print(printable(f"{run.name}: {checked.problem or checked.summary}"))
            if checked.problem:
                wrong.append(f"{run.folder} ({checked.problem})")
        if wrong:
            raise InputError(
                "These exports are not what their models were, run the experiments again: "
                f"{', '.join(wrong)}."
            )


@dataclass(frozen=True)
class Checked:
    """What is wrong with an export, or how far and how fast it is."""

    problem: str = ""
    summary: str = ""


def check(run: RunFolder, seconds: float = 2.0) -> Checked:
    """Check a run's export in a process that can import TensorFlow, but neither us nor Keras."""
    script = Path(__file__).with_name("check_process.py")
    with without_patterns(run.saved_model) as saved_model:
        process = subprocess.run(
            # -P: the script's own folder must not offer its files to imports
            [sys.executable, "-P", script, saved_model, run.examples_file, str(seconds)],
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
        )
    if process.returncode:
        *_, last = process.stderr.strip().splitlines() or ["it ended without a word"]
        return Checked(f"cannot be loaded and called: {in_a_line(last)}")
    told = json.loads(process.stdout.splitlines()[-1])
    differences, rows, (one, all_) = told["differences"], told["rows"], told["milliseconds"]
    wrong = [f"{name} by {each:.1g}" for name, each in differences.items() if each > TOLERANCE]
    if wrong:
        return Checked(f"other outputs: {', '.join(wrong)}")
    apart = f"{rows} rows, largest difference {max(differences.values()):.1e}"
    return Checked(summary=f"{apart}; {one:.2f} ms for 1 row, {all_:.2f} ms for {rows}")
