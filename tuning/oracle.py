"""KerasTuner's Hyperband, made safe to kill."""

import functools
import json
import operator
import threading
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path

import keras_tuner as kt
from keras_tuner.engine.trial import Trial
from keras_tuner.src.engine import oracle as kerastuner

from keras_suite.metrics.direction import direction
from keras_suite.terminal import files

from .folder import DAMAGED, damaged, trial_history, write_error

ALONE = "tuner0"
"""KerasTuner's name of a process that runs the trials of its own oracle."""


def locked(method: Callable) -> Callable:
    """Let one thread at a time into an oracle, and the next one in after an error, too.

    KerasTuner's own lock, which is taken inside, stays locked for ever after an error.
    """

    @functools.wraps(method)
    def with_lock(self, *args, **kwargs):
        with self.lock:
            try:
                return method(self, *args, **kwargs)
            except BaseException:
                kerastuner.LOCKS.pop(self, None)  # the next call makes a new one
                kerastuner.THREADS.pop(self, None)
                raise

    return with_lock


class SafeHyperbandOracle(kt.oracles.HyperbandOracle):
    """KerasTuner's Hyperband oracle (Li et al., 2018, JMLR 18) with its state in one whole file.

    KerasTuner spreads the state over several files, none written in one step: a kill between two
    of them makes it forget trials, run finished ones again or refuse to load. Here ``oracle.json``
    holds everything and is replaced in one step. The trials are scored by the objective, a figure
    of validation rows; the space has the hyperparameters that are known before the first trial, and
    the size is ``max_epochs``, ``factor`` and ``hyperband_iterations``, as KerasTuner has them.
    """

    def __init__(self, folder: Path, objective: str, space: kt.HyperParameters, seed: int, **size):
        self.exhausted: dict[str, list[int]] = {}  # rungs of the bracket that found no more values
        super().__init__(
            objective=kt.Objective(objective, direction(objective)),
            hyperparameters=space,
            # Each value drawn adds 1 to the seed, and 0 would mean "draw one".
            seed=1 + 1_000_003 * seed,
            # Nor does it stop the search itself: see gave_up.
            max_consecutive_failed_trials=None,  # pyright: ignore[reportArgumentType]
            **size,
        )
        self._max_collisions = 1000  # in a row: KerasTuner's 20 miss the last values of a space
        self._set_project_dir(folder.parent, folder.name)
        self.folder, self.file = folder, folder / "oracle.json"
        self.lock = threading.RLock()
        self.deaths: dict[str, list[int]] = {}  # by trial: in a row, and after how many epochs
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
        rungs = [each for b in range(self._get_num_brackets()) for each in self._rungs(b)]
        return rungs * int(self.hyperband_iterations)

    def _rungs(self, bracket: int) -> list[tuple[int, int]]:
        rounds = range(self._get_num_rounds(bracket))
        ends = [0, *(self._get_epochs(bracket, rung) for rung in rounds)]
        return [(self._get_size(bracket, r), ends[r + 1] - ends[r]) for r in rounds]

    def populate_space(self, trial_id: str) -> dict:
        """Choose the next trial; none once :attr:`gave_up`, where KerasTuner would raise.

        KerasTuner promotes nothing where so many trials of a rung failed that it would have thrown
        out fewer; here those that did not fail are promoted. It also labels a promoted trial with
        the bracket that is filled at the moment; here it is the trial's own.
        """
        if self.gave_up:
            return {"status": "STOPPED"}
        for bracket in self._brackets:
            for rung in range(1, len(bracket["rounds"])):
                if best := self._to_promote(bracket, rung):
                    number = bracket["bracket_num"]
                    values = best.hyperparameters.values | {
                        "tuner/trial_id": best.trial_id,
                        "tuner/epochs": self._get_epochs(number, rung),
                        "tuner/initial_epoch": self._get_epochs(number, rung - 1),
                        "tuner/round": rung,
                    }
                    bracket["rounds"][rung].append({"past_id": best.trial_id, "id": trial_id})
                    return {"status": "RUNNING", "values": values}
        return super().populate_space(trial_id)

    def _to_promote(self, bracket: dict, rung: int) -> Trial | None:
        """Return a trial that is among the best of the rung below, whatever is still to come."""
        below = [self.trials[each["id"]] for each in bracket["rounds"][rung - 1]]
        promoted = {each["past_id"] for each in bracket["rounds"][rung]}
        ended = [trial for trial in below if trial.trial_id in self.end_order]
        ready = [t for t in ended if t.status == "COMPLETED" and t.trial_id not in promoted]
        to_come = self._places(bracket, rung - 1) - len(ended)
        is_filled = len(bracket["rounds"][0]) >= self._get_size(bracket["bracket_num"], 0)
        places = self._get_size(bracket["bracket_num"], rung)
        if not (ready and is_filled and len(promoted) + to_come < places):
            return None
        best = max if self.objective.direction == "max" else min
        return best(ready, key=operator.attrgetter("score"))  # of equals the one that began first

    def _places(self, bracket: dict, rung: int) -> int:
        """Return how many trials a rung can have by what failed in those below."""
        size = self._get_size(bracket["bracket_num"], rung)
        if rung == 0:
            return size
        below = (self.trials[each["id"]] for each in bracket["rounds"][rung - 1])
        failed = sum(trial.status == "FAILED" for trial in below)
        return min(size, self._places(bracket, rung - 1) - failed)

    def _random_trial(self, trial_id: str, bracket: dict) -> dict:
        """Begin a trial of new values; where the space has no more, go on with those there are.

        KerasTuner would wait for the bracket to fill, and so end with its first rung. Here all of
        its trials go on to the end if that takes no more epochs than this and the next brackets
        were to take, otherwise the best as in any bracket.
        """
        if not self.exhausted:
            chosen: dict = super()._random_trial(trial_id, bracket)
            if chosen["status"] == "RUNNING":
                return chosen
            number, begun = bracket["bracket_num"], len(bracket["rounds"][0])
            left = sum(n * epochs for b in range(number + 1) for n, epochs in self._rungs(b))
            fits = begun * self.max_epochs <= left
            sizes = [begun if fits else min(begun, size) for size, _ in self._rungs(number)]
            self.exhausted = {str(number): sizes}
            return self.populate_space(trial_id)
        return {"status": "IDLE" if self.ongoing_trials else "STOPPED"}

    def _get_size(self, bracket_num: int, round_num: int) -> int:
        sizes = self.exhausted.get(str(bracket_num))
        return sizes[round_num] if sizes else super()._get_size(bracket_num, round_num)

    @locked
    def create_trial(self, tuner_id: str) -> Trial:
        """Give a worker its next trial, or one that says to wait or that all are done."""
        return super().create_trial(tuner_id)

    @locked
    def update_trial(self, trial_id: str, metrics: dict, step: int = 0) -> Trial:
        """Record what a trial measured."""
        return super().update_trial(trial_id, metrics, step)

    @locked
    def end_trial(self, trial: Trial) -> None:
        """Record a finished trial for good; one whose status is still RUNNING is run again."""
        if trial.status == "RUNNING":
            self._take_back(trial.trial_id)
            self._retry_queue.append(trial.trial_id)
            self.save()
            return
        super().end_trial(trial)
        self.save()  # KerasTuner saves while the trial still counts as running
        self.on_trial_ended(self.trials[trial.trial_id])

    @locked
    def release(self, tuner_id: str) -> None:
        """Give the trial of a dead worker to the next one that asks."""
        self.tuner_ids.discard(tuner_id)
        if trial := self.ongoing_trials.get(tuner_id):
            self._bury(trial)

    @locked
    def is_over(self) -> bool:
        """Whether no worker has a trial or may ask for one."""
        return not self.ongoing_trials and not self.tuner_ids

    @locked
    def is_running(self, trial_id: str) -> bool:
        """Whether a worker has this trial."""
        return any(trial.trial_id == trial_id for trial in self.ongoing_trials.values())

    def _bury(self, trial: Trial) -> None:
        """Run a trial again whose process died; fail it where two died in the same epoch of it."""
        trial_id = trial.trial_id
        epochs = len(trial_history(self.folder, trial_id))
        in_a_row, before = self.deaths.get(trial_id, [0, epochs])
        self.deaths[trial_id] = [in_a_row + 1 if before == epochs else 1, epochs]
        if self.deaths[trial_id][0] > 1:
            write_error(self.folder, trial_id, "its process was killed: memory?")
            trial.status = "FAILED"
        self.end_trial(trial)

    def _take_back(self, trial_id: str) -> None:
        at_work = self.ongoing_trials.items()
        self.ongoing_trials = {who: each for who, each in at_work if each.trial_id != trial_id}

    def get_state(self) -> dict:
        """Everything, the trials included."""
        trials = [self.trials[trial_id].get_state() for trial_id in self.start_order]
        own = {"trials": trials, "deaths": self.deaths, "exhausted": self.exhausted}
        return super().get_state() | own

    def set_state(self, state: dict) -> None:
        """Take everything from ``state``; trials that were running are still."""
        self.trials = {each["trial_id"]: Trial.from_state(each) for each in state["trials"]}
        super().set_state(state)
        self.deaths, self.exhausted = state.get("deaths", {}), state.get("exhausted", {})

    def save(self) -> None:
        """Write the state, whole or not at all."""
        files.write_text(self.file, json.dumps(self.get_state()))

    def reload(self, *, died: bool = True) -> None:
        """Read the state again; trials that were running wait to be run again.

        ``died`` says whether the process that ran them was killed, not interrupted. Workers
        outlive or follow their chief, whose death is no trial's. Raises InputError where the file
        is damaged.
        """
        try:
            self.set_state(json.loads(self.file.read_text(encoding="utf-8")))
            for tuner_id, trial in list(self.ongoing_trials.items()):
                if trial.trial_id in self.end_order or trial.trial_id in self._retry_queue:
                    self._take_back(trial.trial_id)  # killed between two steps
                elif tuner_id == ALONE and died:
                    self._bury(trial)
                else:
                    self.end_trial(trial)
        except DAMAGED as error:
            raise damaged(self.file, error) from error

    def _save_trial(self, trial: Trial) -> None:
        """Nothing: the one file holds the trials."""
