"""What a search leaves: leaderboard, trials.csv, best.json."""

import csv
import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_tuner.engine.trial import Trial
from rich.table import Column, Table
from rich.text import Text

from keras_suite.config import ExperimentConfig
from keras_suite.data.spreadsheets import as_shown
from keras_suite.runs.numbers import figure
from keras_suite.runs.results import titled_table
from keras_suite.terminal import files

from .folder import read_error, trial_history
from .oracle import SafeHyperbandOracle


@dataclass(frozen=True)
class TrialOutcome:
    """One trial.

    Args:
        status: RUNNING, COMPLETED or FAILED.
        score: the objective after ``best_epoch``, which counts from 1.
        bracket: of Hyperband; higher ones halve more often.
        rung: from 0.
        epochs: trained in all, those in earlier rungs (``initial_epoch``) included.
        parent: the trial it goes on from, or "".
        history: an entry for each epoch so far, the earlier rungs' included.
        error: why it failed, or "".
    """

    trial: str
    status: str
    score: Any
    best_epoch: int | None
    bracket: int
    rung: int
    epochs: int
    initial_epoch: int
    parent: str
    hyperparameters: dict[str, Any]
    history: list[dict]
    error: str

    @property
    def epochs_done(self) -> int:
        """Epochs this trial itself has trained."""
        return max(0, len(self.history) - self.initial_epoch)

    @property
    def seconds(self) -> float:
        """Seconds of those epochs."""
        return sum(entry["seconds"] for entry in self.history[self.initial_epoch :])

    @classmethod
    def of(cls, trial: Trial, search: Path) -> "TrialOutcome":
        """Collect what the oracle and the trial's folder know."""
        values, completed = trial.hyperparameters.values, trial.status == "COMPLETED"
        return cls(
            trial=trial.trial_id,
            status=trial.status,
            score=trial.score if completed else None,
            best_epoch=trial.best_step + 1 if completed else None,
            bracket=values["tuner/bracket"],
            rung=values["tuner/round"],
            epochs=values["tuner/epochs"],
            initial_epoch=values["tuner/initial_epoch"],
            parent=values.get("tuner/trial_id", ""),
            hyperparameters={k: values[k] for k in sorted(values) if not k.startswith("tuner/")},
            history=trial_history(search, trial.trial_id),
            error=read_error(search, trial.trial_id) if trial.status == "FAILED" else "",
        )


def outcomes(oracle: SafeHyperbandOracle, folder: Path) -> list[TrialOutcome]:
    """Return all trials in the order they began."""
    return [TrialOutcome.of(oracle.trials[trial_id], folder) for trial_id in oracle.start_order]


def ranked(trials: list[TrialOutcome], direction: str) -> list[TrialOutcome]:
    """Return the completed trials, the best first; of equals the one that began first."""
    completed = [each for each in trials if each.status == "COMPLETED"]
    return sorted(completed, key=lambda each: each.score, reverse=direction == "max")


def trials_table(*columns: str, title: str = "") -> Table:
    """Return an empty table with these columns and one of hyperparameters."""
    figures = [Column(Text(name), justify="right", no_wrap=True) for name in columns]
    return titled_table(title, *figures, Column("hyperparameters"))


def leaderboard(best_first: list[TrialOutcome], objective: str, title: str = "") -> Table:
    """Lay out the ten best trials."""
    table = trials_table("rank", "trial", objective, "epoch", "bracket", title=title)
    for rank, each in enumerate(best_first[:10], start=1):
        epoch = f"{each.best_epoch} of {each.epochs}"
        figures = str(rank), each.trial, figure(each.score), epoch, str(each.bracket)
        table.add_row(*figures, Text(described(each.hyperparameters)))
    return table


def described(hyperparameters: dict[str, object]) -> str:
    """Return hyperparameters for a person to read."""
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in hyperparameters.items()
    )


def write_trials(trials: list[TrialOutcome], objective: str, path: Path) -> None:
    """Write ``trials.csv``, a row for each trial."""
    names = list(dict.fromkeys(name for each in trials for name in each.hyperparameters))
    plain = "trial", "status", "best_epoch", "bracket", "rung", "epochs", "initial_epoch", "parent"
    with files.whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*plain, objective, "seconds", *names, "error"])
        writer.writeheader()
        for each in trials:
            row = {name: getattr(each, name) for name in plain} | each.hyperparameters
            row |= {
                objective: each.score,
                "seconds": round(each.seconds, 3),
                "error": as_shown(each.error),
            }
            writer.writerow(row)


def write_best(config: ExperimentConfig, path: Path) -> None:
    """Write ``best.json``: a Config for ``--config``, without its seed and its data."""
    run_specific = {field.name for field in dataclasses.fields(ExperimentConfig)}
    fields = {k: v for k, v in dataclasses.asdict(config).items() if k not in run_specific}
    files.write_text(path, json.dumps(fields, default=str, indent=1) + "\n")
