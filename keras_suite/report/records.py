"""Runs as their folders tell of them, whatever state these are in."""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path

from keras_suite.errors import InputError, in_a_line
from keras_suite.report.entries import Entry, headline, read_entries
from keras_suite.report.numbers import is_number
from keras_suite.terminal import files

KINDS = {
    "about": str,
    "command": str,
    "preset": str,
    "status": str,
    "data": dict,
    "environment": dict,
    "seconds": dict,
    "parameters": dict,
    "results": list,
    "exported": str,
}
"""What ``metrics.json`` holds, as far as a report needs it; older runs lack some of it."""


@dataclass(frozen=True)
class RunRecord:
    """What is left of one run.

    Args:
        folder: the run's.
        experiment: the name of the folder it lies in.
        status: done, running, interrupted, killed (it says running, but no process is at it) or
            broken (nothing can be said of it).
        problems: what is wrong with the folder, a phrase each.
        metrics: of ``metrics.json`` what is in :data:`KINDS`; empty where it is not there or not
            of its type.
        config: of ``config.json``.
        entries: the results.
        history: the rows of ``history.csv``.
    """

    folder: Path
    experiment: str
    status: str = "broken"
    problems: tuple[str, ...] = ()
    metrics: dict = field(default_factory=lambda: {k: kind() for k, kind in KINDS.items()})
    config: dict = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    history: tuple[dict, ...] = ()

    @property
    def data_kind(self) -> str:
        """What the rows are: "real", "sample" or "unknown"."""
        return kind_of(self.metrics["data"])

    @property
    def seeds(self) -> int:
        """How many seeds the figures are means of."""
        return max((len(entry.values) for entry in self.entries), default=0) or 1

    @property
    def total_seconds(self) -> float | None:
        """How long the run took, or None."""
        return self.metrics["seconds"].get("total")

    @property
    def headline(self) -> Entry | None:
        """The figure that stands for the run."""
        return headline(list(self.entries), self.metrics["exported"])

    @property
    def splits(self) -> dict[str, dict[str, list[Entry]]]:
        """The results by split and by whose they are."""
        splits: dict[str, dict[str, list[Entry]]] = {}
        for entry in self.entries:
            splits.setdefault(entry.split, {}).setdefault(entry.of, []).append(entry)
        return splits


def kind_of(data: dict) -> str:
    """Return what rows are by their provenance: "real", "sample" or "unknown"."""
    kind = data.get("kind")
    return kind if kind in ("real", "sample") else "unknown"


def read_runs(runs: Path) -> dict[str, list[RunRecord]]:
    """Read all runs, the newest first, by experiment.

    Args:
        runs: the folder of all runs.

    Raises:
        InputError: where there is no such folder.
    """
    experiments = {}
    for home in _folders(runs):
        records = [read_run(folder) for folder in _folders(home)]
        if records and home.name != "tuning":
            experiments[home.name] = records[::-1]
    return experiments


def _folders(parent: Path) -> list[Path]:
    try:
        inside = sorted(parent.iterdir())
    except PermissionError:
        return []
    except OSError as error:
        raise InputError(
            f"{parent} cannot be read ({error.strerror}): give the folder that experiments write "
            "their runs to, which is runs/ where --output names no other."
        ) from error
    return [
        path
        for path in inside
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
    ]


def read_run(folder: Path) -> RunRecord:
    """Read a run's folder; what is wrong with it is in the record."""
    experiment = folder.absolute().parent.name
    try:
        found = read_json(folder / "metrics.json")
    except ValueError as error:
        return RunRecord(folder, experiment, problems=(str(error),))
    metrics, problems = _checked(found)
    missing = [name for name in ("status", "results") if found.get(name) is None]
    if missing:
        reason = f"metrics.json says nothing of {' and '.join(missing)}"
        return RunRecord(folder, experiment, problems=(reason, *problems))
    entries, unread = read_entries(metrics["results"])
    try:
        config = read_json(folder / "config.json")
    except ValueError as error:
        config, unread = {}, [*unread, str(error)]
    history, unread_history = _read_history(folder / "history.csv")
    status = _status(metrics["status"], folder)
    if status == "broken":
        problems.append("metrics.json gives a status that no run has")
    problems = (*problems, *unread, *unread_history)
    return RunRecord(
        folder, experiment, status, problems, metrics, config, tuple(entries), tuple(history)
    )


def read_json(file: Path) -> dict:
    """Read a JSON object.

    Raises:
        ValueError: with a phrase that says what is wrong with the file.
    """
    if not file.is_file():
        raise ValueError(f"there is no {file.name}")
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{file.name} cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file.name} is not whole JSON ({in_a_line(error, 120)})") from error
    if not isinstance(found, dict):
        raise ValueError(f"{file.name} holds no JSON object")
    return found


def _checked(found: dict) -> tuple[dict, list[str]]:
    """Keep what is of its type; name what is not."""
    given = {name: found[name] for name in KINDS if found.get(name) is not None}
    wrong = [name for name, value in given.items() if not _is_sound(name, value)]
    metrics = {k: kind() if k in wrong else given.get(k, kind()) for k, kind in KINDS.items()}
    return metrics, [f"{name} in metrics.json is not of its type" for name in wrong]


def _is_sound(name: str, value: object) -> bool:
    if not isinstance(value, KINDS[name]):
        return False
    if name in ("seconds", "parameters"):
        return all(is_number(each) for each in value.values())
    if name == "data":
        return isinstance(value.get("source"), str) and is_number(value.get("rows"))
    return True


def _status(said: str, folder: Path) -> str:
    if said == "running":
        return "running" if _has_process(folder / ".lock") else "killed"
    return said if said in ("done", "interrupted") else "broken"


def _has_process(lock: Path) -> bool:
    """Whether a process holds a run's lock, which the kernel takes from one that is killed."""
    if not lock.is_file():
        return False
    try:
        with files.held(lock, ""):
            return False
    except (InputError, OSError):
        return True


def _read_history(file: Path) -> tuple[list[dict], list[str]]:
    if not file.is_file():
        return [], []
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines)), []
    except (OSError, ValueError, csv.Error) as error:
        return [], [f"{file.name} cannot be read ({in_a_line(error, 120)})"]
