"""A search from its first word to its last figure, by one process or many."""

import dataclasses
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

from rich.console import Console

from keras_suite import files, plots
from keras_suite.config import ExperimentConfig
from keras_suite.errors import InputError
from keras_suite.training import parallel
from tuning import chief, cluster, figures, folder
from tuning.harness import ExperimentHyperModel, ExperimentTuner, trial_folder
from tuning.live import LiveTable
from tuning.oracle import SafeHyperbandOracle
from tuning.outcome import leaderboard, outcomes, ranked, write_best, write_trials

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
            "objective": f"{self.objective.name}, {self.objective.direction}",
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
            with LiveTable(self.console, self.oracle, self.folder):
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
        style = "bold yellow" if data.provenance.is_sample else ""
        source = f"Real data: {data.provenance.rows:,} rows of {data.provenance.source}."
        self.console.print(data.notice or source, style=style, markup=False, highlight=False)
        rungs = self.oracle.planned_rungs()
        trials = sum(count for count, _ in rungs)
        epochs = sum(count * length for count, length in rungs)
        done = len(self.oracle.end_order)
        before = f", {done} of them done" if done else ""
        self.console.print(
            f"Hyperband: {trials} trials{before}, {epochs} epochs in all, for the best "
            f"{self.objective.name} ({self.objective.direction}).",
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

    def work(self, cores: int, receive: Callable[[], object]) -> None:
        """Run trials that the chief on this machine hands out, on ``cores`` cores."""
        parallel.use_cores(cores)
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
        best_first = ranked(trials, self.objective.direction)
        write_trials(trials, self.objective.name, self.folder / "trials.csv")
        if best_first:
            best = self.oracle.trials[best_first[0].trial].hyperparameters
            write_best(self.hypermodel.sample(best), self.folder / "best.json")
            self._draw(best_first)
            self.console.print(leaderboard(best_first, self.objective.name))
        if self.oracle.gave_up or not best_first:
            raise InputError(self._why_it_failed())
        for each in trials:  # nothing goes on from these any more
            files.remove(trial_folder(self.folder, each.trial) / "state.npz")
        self._say_what_is_next(trials)

    def _draw(self, best_first: list) -> None:
        name, data = self.objective.name, folder.provenance(self.folder)
        drawn = {
            "curves_by_bracket": figures.curves_by_bracket(best_first, name),
            "hyperparameters": figures.objective_by_hyperparameter(best_first, name),
        }
        importances = figures.importance(best_first, self.hypermodel.config.seed)
        if importances:
            drawn["importance"] = figures.importance_bars(importances, len(best_first))
        for title, figure in drawn.items():
            plots.save(figure, self.folder / "figures" / f"{title}.png", data)

    def _why_it_failed(self) -> str:
        failed = [each for each in outcomes(self.oracle, self.folder) if each.status == "FAILED"]
        last, in_a_row = failed[-1], len(self.oracle.failed_in_a_row)
        return (
            f"{'The only trial' if in_a_row == 1 else f'{in_a_row} trials in a row'} failed, "
            f"{'' if in_a_row == 1 else 'the last '}with: "
            f"{last.error} (see {trial_folder(self.folder, last.trial) / 'error.txt'}). Mend the "
            "search space and begin anew with --overwrite."
        )

    def _say_what_is_next(self, trials: list) -> None:
        planned = sum(count for count, _ in self.oracle.planned_rungs())
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
