"""The trials of a search on the terminal, with the time left."""

import time
from pathlib import Path

from keras_tuner.engine.trial import Trial
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from keras_suite.runs.numbers import figure
from tuning.oracle import SafeHyperbandOracle
from tuning.outcome import TrialOutcome, described, ranked

FINISHED_SHOWN = 8


class LiveTable:
    """A table of the running trials and the latest finished ones, drawn in place.

    On a terminal it is redrawn twice a second; elsewhere each finished trial is a line.

    Args:
        console: where to.
        oracle: knows the trials.
        folder: of the search.
    """

    def __init__(self, console: Console, oracle: SafeHyperbandOracle, folder: Path):
        self.console = console
        self.oracle = oracle
        self.folder = folder
        self.finished: dict[str, TrialOutcome] = {}
        self.started = time.monotonic()
        self.epochs_before = sum(each.epochs_done for each in self._outcomes())
        self.live = Live(
            console=console, get_renderable=self.render, refresh_per_second=2, transient=True
        )
        oracle.on_trial_ended = self.trial_ended

    def __enter__(self) -> "LiveTable":
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.live.stop()

    def trial_ended(self, trial: Trial) -> None:
        """Say that a trial is over, where no table shows it."""
        if not self.console.is_terminal:
            each = TrialOutcome.of(trial, self.folder)
            result = f"failed: {each.error}" if each.status == "FAILED" else self._figure(each)
            self.console.print(
                f"Trial {each.trial}: {result}; {self._progress(self._outcomes())}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )

    def render(self) -> Group:
        """Draw the table and the line below it."""
        trials = self._outcomes()
        table = Table(box=SIMPLE_HEAD)
        for name in ("trial", "epoch", self.oracle.objective.name):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("hyperparameters")
        finished = [each for each in trials if each.status != "RUNNING"]
        running = [each for each in trials if each.status == "RUNNING"]
        for each in [*finished[-FINISHED_SHOWN:], *running]:
            epoch = f"{len(each.history)}/{each.epochs}"
            values = each.error or described(each.hyperparameters)
            style = "bold" if each.status == "RUNNING" else ""
            table.add_row(each.trial, epoch, self._figure(each), values, style=style)
        return Group(table, Text(self._progress(trials)))

    def _outcomes(self) -> list[TrialOutcome]:
        """Return all trials; finished ones are read once."""
        trials = []
        for trial_id in list(self.oracle.start_order):
            if trial_id in self.finished:
                trials.append(self.finished[trial_id])
                continue
            is_over = trial_id in self.oracle.end_order  # asked first: it may end meanwhile
            trials.append(TrialOutcome.of(self.oracle.trials[trial_id], self.folder))
            if is_over:
                self.finished[trial_id] = trials[-1]
        return trials

    def _figure(self, each: TrialOutcome) -> str:
        if each.status == "COMPLETED":
            return figure(each.score)
        if each.status == "FAILED":
            return "failed"
        name = self.oracle.objective.name
        return f"{figure(each.history[-1][name])} ..." if each.history else "..."

    def _progress(self, trials: list[TrialOutcome]) -> str:
        over = [each for each in trials if each.status != "RUNNING"]
        epochs = sum(each.epochs_done for each in trials)
        text = (
            f"{len(over)} of {self.oracle.planned_trials} trials, "
            f"{epochs} of {self.oracle.planned_epochs} epochs"
        )
        best = ranked(trials, self.oracle.objective.direction)
        if best:
            text += f", best {figure(best[0].score)} (trial {best[0].trial})"
        if epochs > self.epochs_before:
            elapsed = time.monotonic() - self.started
            left = elapsed / (epochs - self.epochs_before) * (self.oracle.planned_epochs - epochs)
            text += f", about {_clock(left)} left"
        return text


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
