"""KerasTuner's Hyperband, made safe to kill."""

import json
from collections.abc import Callable
from pathlib import Path

import keras_tuner as kt
from keras_tuner.engine.trial import Trial

from keras_suite.metrics.direction import direction
from keras_suite.terminal import files

FAILURES_IN_A_ROW = 3


class SafeHyperbandOracle(kt.oracles.HyperbandOracle):
    """KerasTuner's Hyperband oracle (Li et al., 2018, JMLR 18) with its state in one whole file.

    KerasTuner spreads the state over several files, none written in one step: a kill between two
    of them makes it forget trials, run finished ones again or refuse to load. Here ``oracle.json``
    holds everything and is replaced in one step.

    Args:
        folder: of the search.
        objective: the figure of the validation rows that the trials are scored by.
        space: the hyperparameters as far as they are known before the first trial.
        max_epochs: of the longest trial.
        factor: by which each rung has fewer trials and more epochs than the one below.
        hyperband_iterations: how often all brackets are run.
        seed: of the sampled values.
    """

    def __init__(
        self,
        folder: Path,
        objective: str,
        space: kt.HyperParameters,
        max_epochs: int,
        factor: int,
        hyperband_iterations: int,
        seed: int,
    ):
        super().__init__(
            objective=kt.Objective(objective, direction(objective)),
            hyperparameters=space,
            max_epochs=max_epochs,
            factor=factor,
            hyperband_iterations=hyperband_iterations,
            # Each value drawn adds 1 to the seed, and 0 would mean "draw one".
            seed=1 + 1_000_003 * seed,
            max_consecutive_failed_trials=None,  # see populate_space
        )
        self._set_project_dir(folder.parent, folder.name)
        self.file = folder / "oracle.json"
        self.verbose = 0
        self.on_trial_ended: Callable[[Trial], None] = lambda trial: None

    @property
    def failed_in_a_row(self) -> list[Trial]:
        """The trials that failed since the last one that did not."""
        failed = []
        for trial_id in self.end_order:
            trial = self.trials[trial_id]
            failed = [*failed, trial] if trial.status == "FAILED" else []
        return failed

    @property
    def gave_up(self) -> bool:
        """Whether so many trials failed in a row that no further one is begun."""
        return len(self.failed_in_a_row) >= FAILURES_IN_A_ROW

    def planned_rungs(self) -> list[tuple[int, int]]:
        """List (trials, epochs of each) for every rung of all brackets and iterations.

        Epochs count from those the rung below has trained already.
        """
        rungs = []
        for bracket in range(self._get_num_brackets()):
            before = 0
            for rung in range(self._get_num_rounds(bracket)):
                epochs = self._get_epochs(bracket, rung)
                rungs.append((self._get_size(bracket, rung), epochs - before))
                before = epochs
        return rungs * self.hyperband_iterations

    @property
    def planned_trials(self) -> int:
        """Trials of all rungs."""
        return sum(trials for trials, _ in self.planned_rungs())

    @property
    def planned_epochs(self) -> int:
        """Epochs of all trials."""
        return sum(trials * epochs for trials, epochs in self.planned_rungs())

    def populate_space(self, trial_id: str) -> dict:
        """Choose the next trial; none once :attr:`gave_up`.

        KerasTuner would raise inside its lock, which a chief never gets out of. It also labels a
        promoted trial with the bracket that is filled at the moment; here it is the trial's own.
        """
        if self.gave_up:
            return {"status": "STOPPED"}
        chosen = super().populate_space(trial_id)
        values = chosen.get("values") or {}
        if "tuner/trial_id" in values:
            parent = self.trials[values["tuner/trial_id"]]
            values["tuner/bracket"] = parent.hyperparameters.values["tuner/bracket"]
        return chosen

    @kt.synchronized
    def end_trial(self, trial: Trial) -> None:
        """Record a finished trial for good."""
        super().end_trial(trial)
        self.save()  # KerasTuner saves while the trial still counts as running
        self.on_trial_ended(self.trials[trial.trial_id])

    @kt.synchronized
    def release(self, tuner_id: str) -> None:
        """Give the trial of a dead worker to the next one that asks."""
        self.tuner_ids.discard(tuner_id)
        trial = self.ongoing_trials.pop(tuner_id, None)
        if trial:
            self._retry_queue.append(trial.trial_id)
            self.save()

    def get_state(self) -> dict:
        """Everything, the trials included."""
        trials = [self.trials[trial_id].get_state() for trial_id in self.start_order]
        return super().get_state() | {"trials": trials}

    def set_state(self, state: dict) -> None:
        """Take everything from ``state``; trials that were running wait to be run again."""
        self.trials = {each["trial_id"]: Trial.from_state(each) for each in state["trials"]}
        super().set_state(state)
        running = {trial.trial_id for trial in self.ongoing_trials.values()}
        self.ongoing_trials = {}
        self._retry_queue += sorted(running - set(self.end_order) - set(self._retry_queue))

    def save(self) -> None:
        """Write the state, whole or not at all."""
        files.write_text(self.file, json.dumps(self.get_state()))

    def reload(self) -> None:
        """Read the state again."""
        self.set_state(json.loads(self.file.read_text(encoding="utf-8")))

    def _save_trial(self, trial: Trial) -> None:
        """Nothing: the one file holds the trials."""
