"""Runs as their folders tell of them, whatever state these are in."""

import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from keras_suite.errors import InputError, in_a_line
from keras_suite.runs.claims import sound_claims
from keras_suite.runs.entry import Entry, read_entries
from keras_suite.runs.numbers import is_number
from keras_suite.terminal import files

NAME = re.compile(r"\w[\w.-]*")
"""Of an experiment whose model can be exported: it becomes the name of a folder."""
TEXTS = "experiment", "about", "method", "command", "preset", "status", "exported"
OBJECTS = "data", "environment", "seconds", "parameters", "serving"
KINDS: dict = (
    dict.fromkeys(("results", "weights", "claims"), list)
    | dict.fromkeys(TEXTS, str)
    | dict.fromkeys(OBJECTS, dict)
)
"""What ``metrics.json`` holds that readers rely on; older runs lack some of it."""


@dataclass(frozen=True)
class RunFolder:
    """What is left of one run.

    Args:
        status: done, running, interrupted, killed (no process is at it), unknown (running or
            killed, where the lock cannot be looked at) or broken (no record tells).
        problems: phrases on what is wrong with the folder.
        metrics: ``metrics.json``; what is in :data:`KINDS` is there, of its type, maybe empty.
        config: ``config.json``.
        history: the rows of ``history.csv``.
    """

    folder: Path
    status: str = "broken"
    problems: tuple[str, ...] = ()
    metrics: dict = field(default_factory=lambda: {k: kind() for k, kind in KINDS.items()})
    config: dict = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    history: tuple[dict, ...] = ()

    @property
    def name(self) -> str:
        """The experiment's, under which its model is served."""
        return self.metrics["experiment"] or self.folder.absolute().parent.name

    @property
    def data_kind(self) -> str:
        """What the rows are: "real", "sample" or "unknown"."""
        return kind_of(self.metrics["data"])

    @property
    def claims(self) -> list[dict[str, str]]:
        """What its source claims, with what came of it: :func:`keras_suite.runs.claims.judged`."""
        return sound_claims(self.metrics["claims"])

    @property
    def seeds(self) -> int:
        """How many seeds the figures are means of."""
        return max((len(entry.values) for entry in self.entries), default=0) or 1

    @property
    def total_seconds(self) -> float | None:
        """How long the run took, or None."""
        return self.metrics["seconds"].get("total")

    @property
    def saved_model(self) -> Path:
        """The exported SavedModel's folder."""
        return self.folder / "serving" / self.name / "1"

    @property
    def examples_file(self) -> Path:
        """Of :class:`keras_suite.serving.examples.Examples`; older runs have none."""
        return self.folder / "serving" / "examples.npz"


def read_run(folder: Path) -> RunFolder:
    """Read a run's folder; what is wrong with it is in the problems."""
    found, problems = read_json(folder / "metrics.json")
    if problems:
        return RunFolder(folder, problems=tuple(problems))
    metrics = found | {name: found.get(name) or kind() for name, kind in KINDS.items()}
    wrong = [name for name in KINDS if not _is_sound(name, metrics[name])]
    metrics |= {name: KINDS[name]() for name in wrong}
    status = metrics["status"]
    if status == "running":
        status = {True: "running", False: "killed", None: "unknown"}[
            files.is_held(folder / ".lock")
        ]
    elif status not in ("running", "done", "interrupted"):
        status = "broken"
        problems.append("metrics.json gives no status that a run has")
    problems += [f"{name} in metrics.json is not of its type" for name in wrong]
    entries, unread = read_entries(metrics["results"])
    config, unread_config = read_json(folder / "config.json")
    history, unread_history = read_rows(folder / "history.csv")
    problems += unread + unread_config + unread_history
    read = metrics, config, tuple(entries), tuple(history)
    return RunFolder(folder, status, tuple(problems), *read)


def read_runs(runs: Path) -> dict[str, list[RunFolder]]:
    """Read all runs in a folder, or raise InputError: by experiment, the newest first.

    Folders of which nothing can be seen are left out: a kill came before the run began.
    """
    homes = {home.name: _folders(home)[::-1] for home in _folders(runs) if home.name != "tuning"}
    begun = {name: [run for run in found if _has_begun(run)] for name, found in homes.items()}
    return {name: list(map(read_run, folders)) for name, folders in begun.items() if folders}


def _has_begun(folder: Path) -> bool:
    try:
        return any(path.name[0] != "." for path in folder.iterdir())
    except OSError:  # which reading it will tell of
        return True


def find_runs(paths: Sequence[Path]) -> tuple[list[RunFolder], list[str]]:
    """Find the finished runs with an export that a person means.

    The paths are folders of runs; of experiments, which stand for their latest run; or of several
    experiments, such as ``runs/``, which stand for the latest run of each. InputError is raised
    where nothing is found, or a run or experiment named by itself cannot be used. Returns the runs,
    and a sentence for each experiment of several whose latest run cannot be used.
    """
    found, refused = [], []
    for path in paths:
        if named := run_meant(path):
            found.append(_exported(named))
            continue
        for latest in _latest_runs(path):
            try:
                found.append(_exported(latest))
            except InputError as error:
                refused.append(str(error))
    if not found:
        raise InputError(" ".join(refused) or "Name a run's folder, such as runs/fraud/latest.")
    return found, refused


def run_meant(path: Path) -> Path | None:
    """Return a run's folder as it is, for an experiment's that of its latest run, else None."""
    if (path / "metrics.json").exists():
        return path.resolve()
    return _latest_run(path)


def _latest_run(home: Path) -> Path | None:
    """Return what the link in an experiment's folder points to, or, without one, the newest run."""
    latest = home / "latest"
    if latest.is_symlink():
        return latest.resolve()
    runs = sorted(record.parent for record in home.glob("[!.]*/metrics.json"))
    return runs[-1].resolve() if runs else None


def _latest_runs(path: Path) -> list[Path]:
    latest = list(filter(None, map(_latest_run, sorted(path.glob("*")))))
    if not latest:
        raise InputError(
            f"{path} is neither a run's folder nor an experiment's nor one of experiments: name "
            "one, such as runs/fraud/latest, runs/fraud or runs."
        )
    return latest


def _exported(folder: Path) -> RunFolder:
    run = read_run(folder)
    if run.status == "broken":
        record = folder / "metrics.json"
        raise InputError(f"{record} cannot be read as a run's record: name another run.")
    if run.status != "done":
        raise InputError(
            f"{folder} is not done (its status is {run.status}): go on with it by its "
            "experiment's --resume, or name another run."
        )
    if not NAME.fullmatch(run.name):
        raise InputError(f"{folder} is of {run.name!r}, which is no experiment's name: rename it.")
    parts = [folder / "tokenizer", folder / "serving"]
    inside = [each for part in parts for each in (part, *part.rglob("*"))]
    if links := [each for each in inside if each.is_symlink()]:
        raise InputError(f"{links[0]} is a link, which is never followed: put the file there.")
    if not (run.saved_model / "saved_model.pb").exists():
        missing = f"(serving/{run.name}/1)"
        raise InputError(f"{folder} has no export {missing}: run the experiment again.")
    return run


def kind_of(data: dict) -> str:
    """Return what rows are by their provenance: "real", "sample" or "unknown"."""
    kind = data.get("kind")
    return kind if kind in ("real", "sample") else "unknown"


def read_json(file: Path) -> tuple[dict, list[str]]:
    """Read a JSON object, and say in a phrase what is wrong where that is not possible."""
    try:
        files.require_own(file)
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, [f"there is no {file.name}"]
    except OSError as error:
        return {}, [f"{file.name} cannot be read ({error.strerror})"]
    except (ValueError, RecursionError) as error:
        return {}, [f"{file.name} is not whole JSON ({in_a_line(error, 120)})"]
    return (found, []) if isinstance(found, dict) else ({}, [f"{file.name} holds no JSON object"])


def read_rows(file: Path) -> tuple[list[dict[str, str]], list[str]]:
    """Read a csv table, none where there is no file, and say in a phrase what is wrong with it."""
    try:
        files.require_own(file)
        with file.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines, restval="")), []
    except FileNotFoundError:
        return [], []
    except (OSError, ValueError, csv.Error) as error:
        return [], [f"{file.name} cannot be read ({in_a_line(error, 120)})"]


def _folders(parent: Path) -> list[Path]:
    try:
        inside = sorted(path for path in parent.iterdir() if path.name[0] != ".")
    except PermissionError:
        return []
    except OSError as error:
        raise InputError(
            f"{parent} cannot be read ({error.strerror}): give the folder that experiments write "
            "their runs to, which is runs/ where --output names no other."
        ) from error
    return [path for path in inside if path.is_dir() and not path.is_symlink()]


def _is_sound(name: str, value) -> bool:
    if not isinstance(value, KINDS[name]):
        return False
    if name == "data" and value:
        return isinstance(value.get("source"), str) and is_number(value.get("rows"))
    return name not in ("seconds", "parameters") or all(map(is_number, value.values()))
