"""Which run ``--resume`` goes on with, and what a person should know of it."""

from dataclasses import dataclass
from pathlib import Path

from keras_suite.runs.numbers import plain
from keras_suite.runs.read import read_json

WHERE_THE_DATA_IS = "data", "data_dir"
"""Fields that do not make another run of it: the rows' SHA-256 does."""


@dataclass(frozen=True)
class Found:
    """A run's folder, or None to begin anew, and a sentence on that."""

    folder: Path | None
    sentence: str


def find_run(home: Path, fields: dict) -> Found:
    """Find the newest unfinished run of a Config's ``fields``, as JSON has them.

    Where there is none, a finished one will do, if its data were looked for in the same place.
    Else the sentence names the unfinished run that is nearest, and what it has otherwise.
    """
    runs = sorted((file.parent for file in home.glob("[!.]*/config.json")), reverse=True)
    runs = [run for run in runs if not run.is_symlink()]
    other = {run: _other(run, fields) for run in runs}
    is_done = {run: read_json(run / "metrics.json")[0].get("status") == "done" for run in runs}
    unfinished = [run for run in runs if not is_done[run]]
    for run in unfinished:
        if not other[run].keys() - WHERE_THE_DATA_IS:
            return Found(run, f"Going on with {run}, {_place(run)}.")
    for run in runs:
        if not other[run]:
            return Found(run, f"{run} is done: nothing is left to do.")
    anew = "No unfinished run has these settings: a new one begins."
    if unfinished:
        nearest = min(unfinished, key=lambda run: len(other[run]))
        differ = ", ".join(f"{name} {text}" for name, text in other[nearest].items())
        anew += f" The nearest, {nearest}, has {differ}."
    return Found(None, anew)


def _other(run: Path, fields: dict) -> dict[str, str]:
    """Describe the fields that a run has otherwise, by name."""
    found, _ = read_json(run / "config.json")
    names = [name for name in fields | found if fields.get(name, ...) != found.get(name, ...)]
    values = {name: [plain(of[name]) if name in of else "not at all" for of in (found, fields)]
              for name in names}  # fmt: skip
    return {name: f"{there} instead of {here}" for name, (there, here) in values.items()}


def _place(run: Path) -> str:
    """Say how far a run came."""
    from keras_suite.training.state import DAMAGED, load_history

    states = sorted(run.glob("state/*.npz"), key=lambda state: state.stat().st_mtime)
    try:
        return f"after epoch {len(load_history(states[-1]))} of {states[-1].stem}"
    except (IndexError, OSError, *DAMAGED):
        return "before its first epoch"


def changes_since(begun: dict, now: dict) -> dict[str, str]:
    """Describe what is not as it was when a run began: versions, machine, and code by its SHA-256.

    Both are ``metrics.json`` as it was and would be begun now.
    """
    before, after = (
        {"code": each.get("code"), **(each.get("environment") or {})} for each in (begun, now)
    )
    return {
        name: f"{plain(before[name])[:12]} then, {plain(value)[:12]} now"
        for name, value in after.items()
        if before.get(name) not in (None, value)
    }
