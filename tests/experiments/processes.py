"""Helpers for tests that run an experiment as a process and read its run folder."""

import csv
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]


def latest(output: Path, experiment: str) -> Path:
    return (output / experiment / "latest").resolve()


def read(folder: Path) -> tuple[dict, list[dict]]:
    metrics = json.loads((folder / "metrics.json").read_text())
    with (folder / "history.csv").open() as file:
        return metrics, list(csv.DictReader(file))
