"""A search from its first word to its last figure, by one process or many."""

import dataclasses
from collections.abc import Callable
from contextlib import nullcontext
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rich.console import Console

from keras_suite.config import ExperimentConfig
from keras_suite.errors import InputError
from keras_suite.metrics.direction import direction
from keras_suite.plots import style as plots
from keras_suite.terminal import files
from keras_suite.terminal.interrupts import ctrl_c_ends_at_once
from keras_suite.training import parallel

from . import chief, cluster, figures, folder
from .harness import ExperimentHyperModel, ExperimentTuner
from .live import LiveTable
from .oracle import SafeHyperbandOracle
from .outcome import TrialOutcome, leaderboard, outcomes, ranked, write_best, write_trials
from .server import Server

if TYPE_CHECKING:
    from .search import Options

WHERE_THE_DATA_IS = "data", "data_dir"  # may change when a search goes on; the rows may not


class Search:
    """One search, or InputError where the experiment has no objective or space to search by.

    ``config`` holds what the search space does not change, ``options`` are the command line's.
    """

    def __init__(self, experiment: ModuleType, config: ExperimentConfig, options: "Options"):
        self.hypermodel = ExperimentHyperModel(experiment, config)
        self.options, self.folder = options, options.output / options.name
        self.console = Console()
        self.objective = experiment.OBJECTIVE
        self.direction = direction(self.objective) or ""
        if not self.direction:
            raise InputError(
                f"OBJECTIVE of experiments/{options.name}.py is {self.objective!r}, a metric that "
                "keras_suite/metrics/direction.py does not know to be better one way."
            )
        space = self.hypermodel.space()
        if not space.space:
            raise InputError(f"search_space of experiments/{options.name}.py asks for no value.")
        size = {n: getattr(options, n) for n in ("max_epochs", "factor", "hyperband_iterations")}
        self.oracle = SafeHyperbandOracle(self.folder, self.objective, space, config.seed, **size)
        self.settings = {
            "experiment": options.name,
            **size,
            "objective": f"{self.objective}, {self.direction}",
            "space": space.get_config()["space"],
            **{k: v for k, v in dataclasses.asdict(config).items() if k not in WHERE_THE_DATA_IS},
        }

    def conduct(self, run_trials: Callable[[], None]) -> None:
        """Open the folder, load the data, have the trials run, report; all may raise InputError."""
        flags = {"resume": self.options.resume, "overwrite": self.options.overwrite}
        with folder.open_search(self.folder, self.settings, **flags):
            self.load()
            interrupted = self.folder / ".interrupted"
            if self.oracle.file.exists():
                self.oracle.reload(died=not interrupted.exists())
            files.remove(interrupted)
            self.announce()
            live = LiveTable(self.console, self.oracle, self.folder).live
            drawn = live if self.console.is_terminal else nullcontext()

            def by_ctrl_c() -> None:
                live.stop()
                interrupted.touch()

            with drawn, ctrl_c_ends_at_once(by_ctrl_c):
                run_trials()
            self.report()

    def load(self) -> None:
        """Load the data once for all trials, and record what it is."""
        self.hypermodel.data = self.hypermodel.experiment.load(self.hypermodel.config)
        folder.record(self.folder, self.settings, self.hypermodel.data.provenance)

    def announce(self) -> None:
        """Say what the search is about to spend."""
        data = self.hypermodel.data
        data.provenance.announce(self.console, data.notice)
        done = len(self.oracle.end_order)
        before = f", {done} of them done" if done else ""
        self.say(
            f"Hyperband: {self.oracle.planned_trials} trials{before}, {self.oracle.planned_epochs} "
            f"epochs in all, for the best {self.objective} ({self.direction})."
        )

    def say(self, text: str) -> None:
        """Print a line, however long, as it is."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def run_alone(self, channel: Any = None) -> None:
        """Run trials in this process until there are no more; a channel leads to their chief."""
        tuner = ExperimentTuner(self.oracle, self.hypermodel, self.folder)
        if channel:
            tuner.oracle.stub = chief.stub(channel, self.folder)  # pyright: ignore[reportAttributeAccessIssue]
        tuner.search()

    def lead(self, server: Server, crew: cluster.Crew | None = None) -> None:
        """Hand the trials to workers that join from anywhere or, with the data, to a crew."""
        if not crew:
            self.say(f"Chief at {cluster.address()}: waiting for workers.")

        def started() -> None:
            if crew:
                crew.give(self.hypermodel.data)
            self.hypermodel.data = None  # this process trains nothing

        abandoned = crew.is_gone if crew else lambda: False
        chief.serve(server, self.oracle, self.folder, started, abandoned)

    def join(self) -> None:
        """Run trials of a chief elsewhere; raise InputError where it leads another search."""
        with chief.reached() as channel:
            folder.require_same(self.folder, self.settings)
            with cluster.alive(self.folder):
                self.load()
                self.say(f"Joined the search at {cluster.address()}.")
                self.run_alone(channel)

    def work(self, receive: Callable[[], object]) -> None:
        """Run trials that the chief on this machine hands out, on this worker's share of it."""
        parallel.use_cores(max(1, parallel.cores() // self.options.workers))
        self.hypermodel.data = receive()
        with chief.reached() as channel, cluster.alive(self.folder):
            self.run_alone(channel)

    def report(self) -> None:
        """Write and print what came out; raise InputError where that is too little to go by."""
        trials = outcomes(self.oracle, self.folder)
        best_first = ranked(trials, self.direction)
        write_trials(trials, self.objective, self.folder / "trials.csv")
        if best_first:
            self._show(best_first)
        if self.oracle.gave_up or not best_first:
            raise InputError(self._why_it_failed(trials))
        for each in trials:  # nothing goes on from these any more
            files.remove(folder.trial_folder(self.folder, each.trial) / "state.npz")
        if len(trials) < self.oracle.planned_trials:
            self.say(
                f"{len(trials)} of {self.oracle.planned_trials} trials: the search space has no "
                "other values, or failed trials left nothing to promote."
            )
        command = f"python experiments/{self.options.name}.py --config {self.folder / 'best.json'}"
        self.say(f"Search: {self.folder}\nTrain the best: {command}")

    def _show(self, best_first: list[TrialOutcome]) -> None:
        best = self.oracle.trials[best_first[0].trial].hyperparameters
        write_best(self.hypermodel.sample(best), self.folder / "best.json")
        data = folder.provenance(self.folder)
        drawn = {
            "curves_by_bracket": figures.curves_by_bracket(best_first, self.objective),
            "hyperparameters": figures.objective_by_hyperparameter(best_first, self.objective),
        }
        if importances := figures.importance(best_first, self.hypermodel.config.seed):
            drawn["importance"] = figures.importance_bars(importances, len(best_first))
        for name, figure in drawn.items():
            plots.save(figure, self.folder / "figures" / f"{name}.png", data)
        title = f"{'SAMPLE DATA: ' * data.is_sample}{self.options.name}, {data.source}"
        self.console.print(leaderboard(best_first, self.objective, title))

    def _why_it_failed(self, trials: list[TrialOutcome]) -> str:
        last = [each for each in trials if each.status == "FAILED"][-1]
        n = self.oracle.failed_in_a_row
        what = "The only trial failed," if n == 1 else f"{n} trials in a row failed, the last"
        more = folder.trial_folder(self.folder, last.trial) / "error.txt"
        return (
            f"{what} with: {last.error} (see {more}). "
            "Mend the search space and begin anew with --overwrite."
        )
