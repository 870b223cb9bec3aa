"""An hour of kills, full drives and malformed inputs, counted.

make torture                                             everything
make torture ARGS="--only kills --names fraud search"    a part
make torture ARGS="--only inputs --inputs 50 --seed 1"

Ends with exit code 2 where a job did not survive, figures differ, an input led to a traceback or a
hang, something half-written was left, or a job said more than a sentence.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from keras_suite.cli import experiment_names
from keras_suite.errors import InputError
from keras_suite.terminal.flags import read_flags
from keras_suite.terminal.interrupts import exit_code
from keras_suite.terminal.quiet import start_tensorflow

BAD = "not survived", "bits differ", "tracebacks", "hangs", "leftovers", "other words"


@dataclass(frozen=True)
class Options:
    """What to do to whom."""

    only: tuple[Literal["kills", "drives", "inputs"], ...] = ("kills", "drives", "inputs")
    """The parts."""
    names: tuple[str, ...] = (*experiment_names(), "search")
    """Experiments, and search for a search with two workers."""
    kills: int = 20
    """SIGKILLs each."""
    inputs: int = 200
    """Malformed inputs."""
    seed: int = 0
    """Of the moments and the damages."""
    folder: Path | None = None
    """Where everything is left; by default a temporary folder that is removed."""


def torture(options: Options) -> None:
    """Do all parts and print what was counted; raise InputError where something bad was."""
    start_tensorflow()
    from tests.torture import drives, inputs, kills  # which import it, too

    counts, started = Counter(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-") as removed:
        folder = (options.folder or Path(removed)).absolute()
        if "kills" in options.only:
            rng = random.Random(options.seed)
            counts += kills.count(folder / "kills", options.names, options.kills, rng)
        if "drives" in options.only:
            rng = random.Random(options.seed)
            counts += drives.count(folder / "drives", options.names, rng)
        if "inputs" in options.only:
            rng = random.Random(options.seed)
            counts += inputs.count(folder / "inputs", options.inputs, rng)
    print(f"In {time.monotonic() - started:,.0f} s:")
    for what in dict.fromkeys([*counts, *BAD]):
        print(f"  {what}: {counts[what]}")
    if bad := [what for what in BAD if counts[what]]:
        raise InputError(f"Not all is well: {', '.join(bad)}.")


if __name__ == "__main__":
    line = sys.argv[1:], "python -m tests.torture", __doc__ or ""
    sys.exit(exit_code(lambda: torture(read_flags(Options, *line))))
