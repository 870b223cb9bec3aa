"""Jobs that are to end alike whatever is done to them, and how one is seen to have ended."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_suite.runs.read import read_rows
from tests.experiments.processes import MORE_FLAGS, QUICK_SAMPLE, ROOT, figures_of, latest

SEARCHED = "fashion_mnist"
BY_CHANCE = "seconds", "trial", "parent"  # which of two workers had a trial


@dataclass(frozen=True)
class Job:
    """The quick preset of an experiment, or "search", one with two workers, as a process."""

    name: str
    output: Path
    cache: Path

    def start(self, limit: int | None = None) -> subprocess.Popen:
        """Start it, or go on with it; no file may have more bytes than the limit."""
        what = [f"experiments/{self.name}.py", *MORE_FLAGS.get(self.name, ())]
        if self.name == "search":
            what = ["tuning/search.py", SEARCHED, "--max-epochs", "4", "--workers", "2"]
        line = [sys.executable, *what, *QUICK_SAMPLE, "--output", str(self.output), "--resume"]
        limited = [] if limit is None else ["prlimit", f"--fsize={limit}"]
        env = os.environ | {"KERAS_SUITE_CACHE": str(self.cache), "HF_HUB_OFFLINE": "1"}
        pipes: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([*limited, *line], cwd=ROOT, env=env, **pipes)

    def result(self) -> dict:
        """Return all that must be equal to the bit."""
        if self.name == "search":
            folder = self.output / SEARCHED
            best = (folder / "best.json").read_text()
            return {"best": best, "trials": sorted(map(str, _rows(folder / "trials.csv")))}
        folder = latest(self.output, self.name)
        with np.load(folder / "serving" / "examples.npz") as examples:
            exported = {name: examples[name].tobytes() for name in examples.files}
        kept = [row for row in figures_of(folder) if row.get("group") != "cost"]
        return {"figures": kept, "exported": exported, "epochs": _rows(folder / "history.csv")}


def _rows(file: Path) -> list[dict]:
    return [{k: v for k, v in row.items() if k not in BY_CHANCE} for row in read_rows(file)[0]]


def judge(counts: Counter, code: int, error: str) -> None:
    """Count how a process ended, or what ends like one."""
    lines = error.splitlines()
    if "Traceback" in error or code not in (0, 2):
        counts["tracebacks"] += 1
    elif code == 2 and lines and all(line.startswith("error: ") for line in lines):
        counts["refused in a sentence"] += 1
    elif code or lines:
        counts["other words"] += 1
        print(f"exit code {code}: {error[:1000]}", flush=True)


def leftovers(*folders: Path) -> Iterator[Path]:
    """Find what a process that ended by itself must not leave."""
    for path in (path for folder in folders for path in folder.rglob("*")):
        if path.name.startswith(".partial") or (path.suffix == ".json" and not _is_json(path)):
            yield path


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True
