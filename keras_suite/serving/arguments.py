"""Arguments that several commands take."""

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from keras_suite.config import shown
from keras_suite.errors import printable
from keras_suite.runs.read import RunFolder, find_runs

Runs = Annotated[tyro.conf.Positional[tuple[Path, ...]], shown("RUN ...")]
"""A command line's paths for :func:`keras_suite.runs.read.find_runs`."""


def console() -> Console:
    """Make a console that reads nothing into names of runs, folders and models."""
    return Console(highlight=False, soft_wrap=True, markup=False, emoji=False)


def find_and_tell(paths: tuple[Path, ...], console: Console) -> list[RunFolder]:
    """Find the runs that are meant, and print which ones are left out."""
    runs, left_out = find_runs(paths)
    for sentence in left_out:
        console.print(printable(f"Left out: {sentence}"), style="yellow")
    return runs
