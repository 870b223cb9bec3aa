"""The processes of one search: their parts, their locks, workers on this machine."""

import contextlib
import multiprocessing
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from keras_suite.errors import InputError, in_a_line
from keras_suite.terminal import files
from keras_suite.terminal.interrupts import exit_code

ADDRESS = "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"
TUNER_ID = "KERASTUNER_TUNER_ID"


def role() -> str:
    """Return alone, chief or worker by KerasTuner's variables, of which all or none must be set."""
    missing = [name for name in (TUNER_ID, *ADDRESS) if not os.environ.get(name)]
    if len(missing) == 3:
        return "alone"
    if missing:
        raise InputError(
            f"{' and '.join(missing)} must be set too: a cluster needs {TUNER_ID}, "
            f"{' and '.join(ADDRESS)}."
        )
    if not is_id(os.environ[TUNER_ID]):
        raise InputError(
            f"{TUNER_ID} names a file: give it letters, digits, dots and dashes, at most 64, not "
            f"{in_a_line(repr(os.environ[TUNER_ID]), 40)}."
        )
    return "chief" if "chief" in os.environ[TUNER_ID] else "worker"


def is_id(tuner_id: str) -> bool:
    """Whether a worker may have this id, of which a file has its name."""
    return re.fullmatch(r"[\w.-]{1,64}", tuner_id, re.ASCII) is not None


def address() -> str:
    """Return the chief's host:port."""
    return ":".join(os.environ[name] for name in ADDRESS)


@contextmanager
def alive(folder: Path) -> Iterator[None]:
    """Hold a lock by which the chief knows that this worker lives; no other may have its id."""
    taken = f"There is a worker {os.environ[TUNER_ID]} already: set {TUNER_ID} to another name."
    # The chief tries the lock for a moment now and then.
    with files.held(_lock(folder, os.environ[TUNER_ID]), taken, timeout=5):
        yield


def is_alive(folder: Path, tuner_id: str) -> bool:
    """Return whether a worker holds its lock; raise InputError where that cannot be found out."""
    held = files.is_held(lock := _lock(folder, tuner_id))
    if held is None:
        raise InputError(
            f"{lock} cannot be locked, so nobody can tell whether this worker lives: choose an "
            "--output on a drive that has locks."
        )
    return held


def _lock(folder: Path, tuner_id: str) -> Path:
    return lock_folder(folder) / f"{tuner_id}.lock"


def lock_folder(folder: Path) -> Path:
    """Return, and make, the folder of what the processes of a search leave for each other."""
    (folder / "workers").mkdir(parents=True, exist_ok=True)
    return folder / "workers"


@dataclass(frozen=True)
class Crew:
    """Workers on this machine, and a pipe to each."""

    processes: list[BaseProcess]
    pipes: list[Connection]

    def give(self, data: object) -> None:
        """Send the data that this process has loaded to all workers."""
        for pipe in self.pipes:
            with contextlib.suppress(ConnectionError):  # this one has died
                pipe.send(data)

    def is_gone(self) -> bool:
        """Return whether all have ended."""
        return not any(process.is_alive() for process in self.processes)


@contextmanager
def local_workers(
    count: int, work: Callable[[Callable[[], object]], None], port: int
) -> Iterator[Crew]:
    """Start so many workers on this machine, for which this process becomes the chief at a port.

    They end with this process, even if it is killed. Each calls ``work``, which must be importable,
    with a function that waits for the data.
    """
    os.environ |= dict(zip(ADDRESS, ("127.0.0.1", str(port)), strict=True))
    spawn, crew = multiprocessing.get_context("spawn"), Crew([], [])
    try:
        for number in range(1, count + 1):
            os.environ[TUNER_ID] = f"worker-{number}"
            ours, theirs = spawn.Pipe()
            worker = spawn.Process(target=_worker, args=(work, theirs), daemon=True)
            worker.start()
            theirs.close()
            crew.processes.append(worker)
            crew.pipes.append(ours)
        os.environ[TUNER_ID] = "chief"
        yield crew
    finally:
        for worker in crew.processes:
            worker.terminate()  # by now it has no trial, or the search has failed
        for name in (TUNER_ID, *ADDRESS):
            del os.environ[name]


def _worker(work: Callable, pipe: Connection) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_with_the_parent(timeout: float | None = None) -> None:
        if wait([parent.sentinel], timeout):
            os._exit(1)

    def job() -> None:
        try:
            work(pipe.recv)
        except (InputError, EOFError):
            end_with_the_parent(timeout=1)  # whose death may be all that is wrong
            raise

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent, and that ends this
    threading.Thread(target=end_with_the_parent, daemon=True).start()
    sys.exit(exit_code(job))
