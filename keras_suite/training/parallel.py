"""Several fits, one after the other or side by side."""

import os
import sys
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path

import keras
import tensorflow as tf

from keras_suite.training.fit import Fit, run_fit


class _Stopped(Exception):  # noqa: N818 - not an error: another fit failed or Ctrl-C came
    pass


def cores() -> int:
    """Cores this process may use, which in a container may be a share of the machine's."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(allowed or 1, _quota()))


def _quota() -> int:
    """Return how many cores' time Linux gives this container, rounded up."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError):  # other systems, older ones, and "max"
        return sys.maxsize


def one_core_per_operation() -> None:
    """Let TensorFlow use one core for an operation and the others for other operations.

    For networks so small that splitting an operation costs more than it gains; :func:`run_fits`
    keeps the cores busy with other fits. After TensorFlow's first operation it changes nothing.
    """
    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(cores())
    except RuntimeError:  # already running: only slower
        return


def use_cores(count: int) -> None:
    """Let TensorFlow use only ``count`` cores. Must come before its first operation."""
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


def run_fits(
    fits: Sequence[Fit],
    state_folder: Path,
    log_folder: Path,
    on_steps: Callable[[int], None] = lambda steps: None,
    at_once: int | None = None,
) -> dict[str, list[dict]]:
    """Run all fits, the longest first; return the histories that :func:`run_fit` gives by name.

    TensorFlow works outside Python's lock, so threads are enough, and the rows are shared.

    Args:
        fits: with different names.
        state_folder: of each fit's resumable state, ``<name>.npz``.
        log_folder: of TensorBoard events, a folder per fit.
        on_steps: called, from any thread, with the training steps done since the last call.
        at_once: fits side by side; None makes it one for each core.

    Raises:
        ValueError: where two fits have one name, and would share a state.
        BaseException: the first error of any fit, or KeyboardInterrupt; the other fits stop
            within a few steps, and what they finished stays in their states.
    """
    names = [fit.name for fit in fits]
    if len(set(names)) < len(names):
        raise ValueError(f"two fits have one name: {', '.join(sorted(names))}")
    stop = threading.Event()

    def run(fit: Fit) -> list[dict]:
        tensorboard = keras.callbacks.TensorBoard(str(log_folder / fit.name), write_graph=False)
        progress = _Progress(fit, stop, on_steps)
        try:
            history = run_fit(fit, state_folder / f"{fit.name}.npz", [tensorboard, progress])
            progress.advance_to(fit.steps)  # a fit that was finished before ran no callback
            return history
        except _Stopped:
            return []

    with ThreadPoolExecutor(at_once or cores()) as pool:
        longest_first = sorted(fits, key=lambda fit: -fit.steps)
        running = {fit.name: pool.submit(run, fit) for fit in longest_first}
        try:
            _wait_for_all_or_an_error(running.values())  # Ctrl-C comes through here
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    for future in running.values():
        if not future.cancelled() and (error := future.exception()):
            raise error
    return {fit.name: running[fit.name].result() for fit in fits}


def _wait_for_all_or_an_error(futures: Collection[Future]) -> None:
    # Looks up now and then: a signal that the kernel gives to another thread does not wake this
    # one, the only one that acts on it.
    going = futures
    while going:
        done, going = wait(futures, timeout=0.2, return_when=FIRST_EXCEPTION)
        if any(future.exception() for future in done):
            return


class _Progress(keras.callbacks.Callback):
    def __init__(self, fit: Fit, stop: threading.Event, on_steps: Callable[[int], None]):
        super().__init__()
        self.fit, self.stop, self.on_steps, self.done = fit, stop, on_steps, 0

    def advance_to(self, done: int) -> None:
        self.on_steps(done - self.done)
        self.done = done

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch_start = epoch * self.fit.steps_per_epoch
        self.advance_to(self.epoch_start)

    def on_train_batch_end(self, batch, logs=None):
        if self.stop.is_set():
            raise _Stopped
        # With several steps an execution, Keras counts past a last execution that is short.
        self.advance_to(self.epoch_start + min(batch + 1, self.fit.steps_per_epoch))
