"""Searches for hyperparameters as their folders tell of them."""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from keras_suite.metrics.direction import direction
from keras_suite.report.pictures import Picture, read_pictures
from keras_suite.runs.numbers import figure, plain
from keras_suite.runs.read import kind_of, read_json, read_rows


@dataclass(frozen=True)
class Search:
    """What is left of one search."""

    name: str
    data_kind: str
    objective: str
    """What was searched for, such as val_accuracy; "" without a table of trials."""
    hyperparameters: list[str]
    best: list[list[str]]
    """The best trials, the best first: trial, objective, epochs, values of hyperparameters."""
    statuses: dict[str, int]
    """How many trials there are, by status."""
    settings: dict
    """The best Config."""
    pictures: list[Picture]
    problems: list[str]


def read_searches(runs: Path) -> list[Search]:
    """Read all searches in ``runs/tuning``, by name."""
    folders = sorted((runs / "tuning").glob("*"))
    own = [each for each in folders if each.is_dir() and not each.is_symlink()]
    return [read_search(each) for each in own if each.name[0] != "."]


def read_search(folder: Path) -> Search:
    """Read a search's folder; what is wrong with it is in the problems."""
    settings, unread_settings = read_json(folder / "best.json")
    found, unread = read_json(folder / "search.json")
    rows, unread_rows = read_rows(folder / "trials.csv")
    columns = [name for name in rows[0] if name is not None] if rows else []
    at = columns.index("seconds") if "seconds" in columns else 0
    is_table = at > 0 and {"trial", "status", "epochs"} <= {*columns} and columns[-1] == "error"
    if not is_table:
        rows, columns = [], []
        unread_rows = unread_rows or ["trials.csv has no trials"]
    objective = columns[at - 1] if rows else ""
    hyperparameters = columns[at + 1 : -1]
    scored = [row for row in rows if row["status"] == "COMPLETED" and _is_finite(row[objective])]
    said = str(found.get("objective")).rpartition(", ")[2]  # as in "val_loss, min"
    way = said if said in ("max", "min") else direction(objective)
    scored.sort(key=lambda row: float(row[objective]), reverse=way != "min")
    data = found.get("data")
    data_kind = kind_of(data if isinstance(data, dict) else {})
    of = f"the search for {folder.name}{', sample rows' * (data_kind == 'sample')}"
    pictures, unread_pictures = read_pictures(folder / "figures", of)
    return Search(
        folder.name,
        data_kind,
        objective,
        hyperparameters,
        [_shown(row, objective, hyperparameters) for row in scored[:10]],
        dict(Counter(row["status"].lower() for row in rows)),
        settings,
        pictures,
        [*unread_settings, *unread, *unread_rows, *unread_pictures],
    )


def _shown(row: dict[str, str], objective: str, hyperparameters: list[str]) -> list[str]:
    cells = [row[name] for name in hyperparameters]
    values = [f"{float(cell):.4g}" if _is_finite(cell) else plain(cell) for cell in cells]
    return [row["trial"], figure(float(row[objective])), row["epochs"], *values]


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
