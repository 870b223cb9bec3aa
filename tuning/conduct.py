"""A search from its first word to its last figure, by one process or many."""

import dataclasses
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

from rich.console import Console

from keras_suite.config import ExperimentConfig
from keras_suite.data.provenance import Provenance
from keras_suite.errors import InputError
from keras_suite.metrics.direction import direction
from keras_suite.plots import style as plots
from keras_suite.terminal import files
from keras_suite.terminal.interrupts import ctrl_c_ends_at_once
from keras_suite.training import parallel
from tuning import chief, cluster, figures, folder
from tuning.harness import ExperimentHyperModel, ExperimentTuner, trial_folder
from tuning.live import LiveTable
from tuning.oracle import SafeHyperbandOracle
from tuning.outcome import TrialOutcome, leaderboard, outcomes, ranked, write_best, write_trials

if TYPE_CHECKING:
    from tuning.search import Options

WHERE_THE_DATA_IS = "data", "data_dir"  # may change when a search goes on; the rows may not


class Search:
    """One search: what it is made of and what it reports.

    Args:
        experiment: the module.
        config: what the search space does not change.
        options: of the command line.
        console: where to report; standard output by default.
    """

    def __init__(
        self,
        experiment: ModuleType,
        config: ExperimentConfig,
        options: "Options",
        console: Console | None = None,
    ):
        self.hypermodel = ExperimentHyperModel(experiment, config)
        self.options = options
        self.folder = options.folder
        self.console = console or Console()
        self.objective = experiment.OBJECTIVE
        if direction(self.objective) is None:
            raise InputError(
                f"OBJECTIVE of experiments/{options.name}.py is {self.objective!r}, a metric that "
                "keras_suite/metrics/direction.py does not know to be better one way."
            )
        space = self.hypermodel.space()
        if not space.space:
            raise InputError(f"search_space of experiments/{options.name}.py asks for no value.")
        self.oracle = SafeHyperbandOracle(
            self.folder,
            self.objective,
            space,
            options.max_epochs,
            options.factor,
            options.hyperband_iterations,
            config.seed,
        )
        self.settings = {
            "experiment": options.name,
            "max_epochs": options.max_epochs,
            "factor": options.factor,
            "hyperband_iterations": options.hyperband_iterations,
            "objective": f"{self.objective}, {direction(self.objective)}",
            "space": space.get_config()["space"],
            **{k: v for k, v in dataclasses.asdict(config).items() if k not in WHERE_THE_DATA_IS},
        }

    def conduct(self, run_trials: Callable[[], None]) -> None:
        """Open the folder, load the data, have the trials run, report.

        Raises:
            InputError: where the folder or the data cannot be used, or too many trials fail.
        """
        resume, overwrite = self.options.resume, self.options.overwrite
        with folder.open_search(self.folder, self.settings, resume=resume, overwrite=overwrite):
            self.load()
            if self.oracle.file.exists():
                self.oracle.reload()
            self.announce()
            with (
                LiveTable(self.console, self.oracle, self.folder) as table,
                ctrl_c_ends_at_once(table.live.stop),
            ):
                run_trials()
            self.report()

    def load(self) -> None:
        """Load the data once for all trials, and say and record what it is."""
        experiment, config = self.hypermodel.experiment, self.hypermodel.config
        data = experiment.load(config)
        folder.record(self.folder, self.settings, data.provenance)
        self.hypermodel.data = data

    def announce(self) -> None:
        """Say what the search is about to spend."""
        data = self.hypermodel.data
        data.provenance.announce(self.console, data.notice)
        done = len(self.oracle.end_order)
        before = f", {done} of them done" if done else ""
        self.console.print(
            f"Hyperband: {self.oracle.planned_trials} trials{before}, {self.oracle.planned_epochs} "
            f"epochs in all, for the best {self.objective} ({direction(self.objective)}).",
            highlight=False,
            soft_wrap=True,
        )

    def run_alone(self) -> None:
        """Run trials in this process until there are no more."""
        ExperimentTuner(self.oracle, self.hypermodel, self.folder).search()

    def lead(self) -> None:
        """Hand the trials to workers that join from anywhere."""
        self.hypermodel.data = None
        self.console.print(f"Chief at {cluster.address()}: waiting for workers.", soft_wrap=True)
        chief.serve(self.oracle, self.folder)

    def lead_crew(self, crew: cluster.Crew) -> None:
        """Hand the data and the trials to workers on this machine."""
        crew.give(self.hypermodel.data)
        self.hypermodel.data = None
        chief.serve(self.oracle, self.folder, abandoned=crew.is_gone)

    def join(self) -> None:
        """Run trials that a chief elsewhere hands out.

        Raises:
            InputError: where the chief cannot be reached or leads another search.
        """
        chief.reach_chief()
        folder.require_same(self.folder, self.settings)
        with cluster.alive(self.folder), chief.answers_expected():
            self.load()
            self.console.print(f"Joined the search at {cluster.address()}.", soft_wrap=True)
            self.run_alone()

    def work(self, receive: Callable[[], object]) -> None:
        """Run trials that the chief on this machine hands out, on this worker's share of it."""
        parallel.use_cores(max(1, parallel.cores() // self.options.workers))
        self.hypermodel.data = receive()
        chief.reach_chief()
        with cluster.alive(self.folder), chief.answers_expected():
            self.run_alone()

    def report(self) -> None:
        """Write what came out and print the leaderboard.

        Raises:
            InputError: where the search gave up, or no trial was completed.
        """
        trials = outcomes(self.oracle, self.folder)
        best_first = ranked(trials, direction(self.objective))
        write_trials(trials, self.objective, self.folder / "trials.csv")
        if best_first:
            best = self.oracle.trials[best_first[0].trial].hyperparameters
            write_best(self.hypermodel.sample(best), self.folder / "best.json")
            data = folder.provenance(self.folder)
            self._draw(best_first, data)
            title = f"{'SAMPLE DATA: ' * data.is_sample}{self.options.name}, {data.source}"
            self.console.print(leaderboard(best_first, self.objective, title))
        if self.oracle.gave_up or not best_first:
            raise InputError(self._why_it_failed(trials))
        for each in trials:  # nothing goes on from these any more
            files.remove(trial_folder(self.folder, each.trial) / "state.npz")
        self._say_what_is_next(trials)

    def _draw(self, best_first: list[TrialOutcome], data: Provenance) -> None:
        name = self.objective
        drawn = {
            "curves_by_bracket": figures.curves_by_bracket(best_first, name),
            "hyperparameters": figures.objective_by_hyperparameter(best_first, name),
        }
        importances = figures.importance(best_first, self.hypermodel.config.seed)
        if importances:
            drawn["importance"] = figures.importance_bars(importances, len(best_first))
        for title, figure in drawn.items():
            plots.save(figure, self.folder / "figures" / f"{title}.png", data)

    def _why_it_failed(self, trials: list[TrialOutcome]) -> str:
        failed = [each for each in trials if each.status == "FAILED"]
        last, in_a_row = failed[-1], len(self.oracle.failed_in_a_row)
        return (
            f"{'The only trial' if in_a_row == 1 else f'{in_a_row} trials in a row'} failed, "
            f"{'' if in_a_row == 1 else 'the last '}with: "
            f"{last.error} (see {trial_folder(self.folder, last.trial) / 'error.txt'}). Mend the "
            "search space and begin anew with --overwrite."
        )

    def _say_what_is_next(self, trials: list[TrialOutcome]) -> None:
        planned = self.oracle.planned_trials
        if len(trials) < planned:
            self.console.print(
                f"{len(trials)} of {planned} trials: the search space has no other values, or "
                "failed trials left nothing to promote.",
                highlight=False,
            )
        name, best = self.options.name, self.folder / "best.json"
        self.console.print(f"Search: {self.folder}", highlight=False, soft_wrap=True)
        self.console.print(
            f"Train the best: python experiments/{name}.py --config {best}",
            highlight=False,
            soft_wrap=True,
        )
