"""Searches for hyperparameters as their folders tell of them."""

import csv
import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from keras_suite.errors import in_a_line
from keras_suite.report.entries import direction
from keras_suite.report.numbers import figure, parsed, plain
from keras_suite.report.records import kind_of, read_json

SHOWN = 10
"""Trials of the leaderboard."""


@dataclass(frozen=True)
class Trial:
    """A trial as the leaderboard shows it."""

    name: str
    score: str
    epochs: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Search:
    """What is left of one search.

    Args:
        name: of the experiment.
        folder: of the search.
        objective: what was searched for, such as val_accuracy.
        best: the best trials, the best first.
        hyperparameters: the names of their values.
        statuses: how many trials there are, by status.
        settings: the best Config.
        data: of ``search.json``.
        problems: what is wrong with the folder.
    """

    name: str
    folder: Path
    objective: str = ""
    best: tuple[Trial, ...] = ()
    hyperparameters: tuple[str, ...] = ()
    statuses: dict[str, int] = field(default_factory=dict)
    settings: dict = field(default_factory=dict)
    data: dict = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def data_kind(self) -> str:
        """What the rows are: "real", "sample" or "unknown"."""
        return kind_of(self.data)


def read_searches(runs: Path) -> list[Search]:
    """Read all searches in ``runs/tuning``, by name."""
    home = runs / "tuning"
    if not home.is_dir():
        return []
    return [
        read_search(folder)
        for folder in sorted(home.iterdir())
        if folder.is_dir() and not folder.name.startswith(".")
    ]


def read_search(folder: Path) -> Search:
    """Read a search's folder; what is wrong with it is in the record."""
    problems = []
    settings, found = {}, {}
    for name, into in (("best.json", settings), ("search.json", found)):
        try:
            into |= read_json(folder / name)
        except ValueError as error:
            problems.append(str(error))
    data = found.get("data") if isinstance(found.get("data"), dict) else {}
    known = {"settings": settings, "data": data}
    try:
        columns, rows = _read_trials(folder / "trials.csv")
    except ValueError as error:
        return Search(folder.name, folder, problems=(*problems, str(error)), **known)
    at = columns.index("seconds")
    objective, hyperparameters = columns[at - 1], columns[at + 1 : -1]
    smaller_wins = str(found.get("objective", "")).endswith("min") or direction(objective) < 0
    scored = [(score, row) for row in rows if (score := _score(row, objective)) is not None]
    scored.sort(key=lambda each: each[0] if smaller_wins else -each[0])
    return Search(
        folder.name,
        folder,
        objective,
        tuple(_shown(score, row, hyperparameters) for score, row in scored[:SHOWN]),
        tuple(hyperparameters),
        dict(Counter(row["status"].lower() for row in rows)),
        problems=tuple(problems),
        **known,
    )


def _read_trials(file: Path) -> tuple[list[str], list[dict[str, str]]]:
    if not file.is_file():
        raise ValueError(f"there is no {file.name}")
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines, restval="")
            rows = [{k: v for k, v in row.items() if k is not None} for row in reader]
            columns = list(reader.fieldnames or [])
    except (OSError, ValueError, csv.Error) as error:
        raise ValueError(f"{file.name} cannot be read ({in_a_line(error, 120)})") from error
    known = {"trial", "status", "epochs", "seconds", "error"} <= set(columns)
    if not known or columns[-1] != "error" or columns.index("seconds") == 0:
        raise ValueError(f"{file.name} is no table of trials")
    return columns, rows


def _score(row: dict[str, str], objective: str) -> float | None:
    score = _number(row[objective])
    return score if row["status"] == "COMPLETED" else None


def _number(text: str) -> float | None:
    value = parsed(text)
    return value if value is not None and math.isfinite(value) else None


def _shown(score: float, row: dict[str, str], hyperparameters: list[str]) -> Trial:
    chosen = [_rounded(row[name]) for name in hyperparameters]
    return Trial(row["trial"], figure(score), row["epochs"], tuple(chosen))


def _rounded(text: str) -> str:
    number = _number(text)
    return plain(text) if number is None else f"{number:.4g}"
