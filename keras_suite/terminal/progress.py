"""One bar for a whole job, with the time left."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class JobProgress:
    """A bar over stages, each of which takes a given share of the job.

    On a terminal it is drawn in place; elsewhere, as in a log, every tenth of the job is a line.
    """

    def __init__(self, console: Console):
        self.console, self.done = console, 0.0
        self.lock = threading.Lock()
        self.started = time.monotonic()
        columns = [TextColumn("{task.description}", markup=False), BarColumn()]
        columns += ["{task.percentage:3.0f} %"]
        columns += [TimeElapsedColumn(), "left", TimeRemainingColumn()]
        self.bar = Progress(
            *columns,
            console=console,
            transient=True,
            disable=not console.is_terminal,
            speed_estimate_period=24 * 3600,  # the whole job
        )
        self.task = self.bar.add_task("", total=1.0)

    @contextmanager
    def stage(self, name: str, share: float) -> Iterator[Callable[[float], None]]:
        """Show ``name`` while a part of the job runs that takes ``share`` of its time.

        The function that it gives takes each further part (0..1) of the stage that is done; it is
        safe from several threads.
        """
        start = self.done
        self.bar.update(self.task, description=name)
        yield lambda part: self._advance(part * share)
        self._advance(start + share - self.done)

    def _advance(self, part: float) -> None:
        with self.lock:
            tenth = int(self.done * 10)
            self.done = min(self.done + part, 1.0)
            self.bar.advance(self.task, part)
            if not self.console.is_terminal and int(self.done * 10) > tenth:
                elapsed = time.monotonic() - self.started
                left = elapsed / self.done * (1 - self.done)
                text = f"{self.done:4.0%} after {elapsed:,.0f} s, about {left:,.0f} s left"
                self.console.print(text)
