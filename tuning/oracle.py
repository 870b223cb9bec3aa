"""KerasTuner's Hyperband, made safe to kill."""

import json
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

import keras_tuner as kt
from keras_tuner.engine.trial import Trial

from keras_suite.metrics.direction import direction
from keras_suite.terminal import files


class SafeHyperbandOracle(kt.oracles.HyperbandOracle):
    """KerasTuner's Hyperband oracle (Li et al., 2018, JMLR 18) with its state in one whole file.

    KerasTuner spreads the state over several files, none written in one step: a kill between two
    of them makes it forget trials, run finished ones again or refuse to load. Here ``oracle.json``
    holds everything and is replaced in one step. The trials are scored by the objective, a figure
    of validation rows; the space has the hyperparameters that are known before the first trial, and
    the size is ``max_epochs``, ``factor`` and ``hyperband_iterations``, as KerasTuner has them.
    """

    def __init__(self, folder: Path, objective: str, space: kt.HyperParameters, seed: int, **size):
        super().__init__(
            objective=kt.Objective(objective, direction(objective)),
            hyperparameters=space,
            # Each value drawn adds 1 to the seed, and 0 would mean "draw one".
            seed=1 + 1_000_003 * seed,
            # See populate_space.
            max_consecutive_failed_trials=None,  # pyright: ignore[reportArgumentType]
            **size,
        )
        self._set_project_dir(folder.parent, folder.name)
        self.file = folder / "oracle.json"
        self.verbose = 0
        self.planned_trials = sum(trials for trials, _ in self.planned_rungs())
        self.planned_epochs = sum(trials * epochs for trials, epochs in self.planned_rungs())
        self.on_trial_ended: Callable[[Trial], None] = lambda trial: None

    @property
    def failed_in_a_row(self) -> int:
        """How many trials failed since the last one that did not."""
        backwards = (self.trials[trial_id].status for trial_id in reversed(self.end_order))
        return len(list(takewhile(lambda status: status == "FAILED", backwards)))

    @property
    def gave_up(self) -> bool:
        """Whether so many trials failed in a row that no further one is begun."""
        return self.failed_in_a_row >= 3

    def planned_rungs(self) -> list[tuple[int, int]]:
        """List (trials, further epochs of each) for every rung of all brackets and iterations."""
        rungs = []
        for bracket in range(self._get_num_brackets()):
            rounds = range(self._get_num_rounds(bracket))
            ends = [0, *(self._get_epochs(bracket, rung) for rung in rounds)]
            rungs += [(self._get_size(bracket, r), ends[r + 1] - ends[r]) for r in rounds]
        return rungs * int(self.hyperband_iterations)

    def populate_space(self, trial_id: str) -> dict:
        """Choose the next trial; none once :attr:`gave_up`.

        KerasTuner would raise inside its lock, which a chief never gets out of. It also labels a
        promoted trial with the bracket that is filled at the moment; here it is the trial's own.
        """
        if self.gave_up:
            return {"status": "STOPPED"}
        chosen: dict = super().populate_space(trial_id)
        values = chosen.get("values") or {}
        if parent := values.get("tuner/trial_id"):
            values["tuner/bracket"] = self.trials[parent].hyperparameters.values["tuner/bracket"]
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
        self._retry_queue.extend(sorted(running - set(self.end_order) - set(self._retry_queue)))

    def save(self) -> None:
        """Write the state, whole or not at all."""
        files.write_text(self.file, json.dumps(self.get_state()))

    def reload(self) -> None:
        """Read the state again."""
        self.set_state(json.loads(self.file.read_text(encoding="utf-8")))

    def _save_trial(self, trial: Trial) -> None:
        """Nothing: the one file holds the trials."""
