"""Arguments that several commands take."""

from pathlib import Path
from typing import Annotated

import tyro

Runs = Annotated[
    tyro.conf.Positional[tuple[Path, ...]],
    tyro.conf.arg(metavar="RUN ...", help_behavior_hint=""),
]
"""A command line's paths for :func:`keras_suite.runs.read.find_runs`."""
