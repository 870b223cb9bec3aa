"""The trials of a search on the terminal, with the time left."""

import time
from datetime import timedelta
from pathlib import Path

from keras_tuner.engine.trial import Trial
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from keras_suite.runs.numbers import figure

from .oracle import SafeHyperbandOracle
from .outcome import TrialOutcome, described, ranked, trials_table


class LiveTable:
    """A table of the running trials and the last eight finished ones, drawn in place.

    On a terminal it is redrawn twice a second; elsewhere each finished trial is a line.
    """

    def __init__(self, console: Console, oracle: SafeHyperbandOracle, folder: Path):
        self.console, self.oracle, self.folder = console, oracle, folder
        self.finished: dict[str, TrialOutcome] = {}
        self.started = time.monotonic()
        self.epochs_before = sum(each.epochs_done for each in self._outcomes())
        self.live = Live(
            console=console, get_renderable=self.render, refresh_per_second=2, transient=True
        )
        oracle.on_trial_ended = self.trial_ended

    def trial_ended(self, trial: Trial) -> None:
        """Say that a trial is over, where no table shows it."""
        if not self.console.is_terminal:
            each = TrialOutcome.of(trial, self.folder)
            result = f"failed: {each.error}" if each.status == "FAILED" else self._figure(each)
            line = f"Trial {each.trial}: {result}; {self._progress(self._outcomes())}"
            self.console.print(line, highlight=False, markup=False, soft_wrap=True)

    def render(self) -> Group:
        """Draw the table and the line below it."""
        trials = self._outcomes()
        table = trials_table("trial", "epoch", self.oracle.objective.name)
        finished = [each for each in trials if each.status != "RUNNING"]
        running = [each for each in trials if each.status == "RUNNING"]
        for each in [*finished[-8:], *running]:
            epoch = f"{len(each.history)}/{each.epochs}"
            values = each.error or described(each.hyperparameters)
            style = "bold" if each.status == "RUNNING" else ""
            table.add_row(each.trial, epoch, self._figure(each), Text(values), style=style)
        return Group(table, Text(self._progress(trials)))

    def _outcomes(self) -> list[TrialOutcome]:
        """Return all trials; finished ones are read once."""
        oracle, ended = self.oracle, set(self.oracle.end_order)  # first: more may end meanwhile
        trials = [
            self.finished.get(trial_id) or TrialOutcome.of(oracle.trials[trial_id], self.folder)
            for trial_id in list(oracle.start_order)
        ]
        self.finished = {each.trial: each for each in trials if each.trial in ended}
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
        if best := ranked(trials, self.oracle.objective.direction):
            text += f", best {figure(best[0].score)} (trial {best[0].trial})"
        if epochs > self.epochs_before:
            elapsed = time.monotonic() - self.started
            left = elapsed / (epochs - self.epochs_before) * (self.oracle.planned_epochs - epochs)
            text += f", about {timedelta(seconds=round(max(0.0, left)))} left"
        return text
