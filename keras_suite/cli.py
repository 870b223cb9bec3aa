"""The command line of every experiment."""

import argparse
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import tyro

from keras_suite.config import read_config
from keras_suite.errors import InputError
from keras_suite.experiment import run as run_experiment
from keras_suite.runs.run import open_run
from keras_suite.terminal.exit_code import exit_code
from keras_suite.terminal.interrupts import ctrl_c_ends_at_once
from keras_suite.terminal.quiet import start_tensorflow


@dataclass(frozen=True)
class Options:
    """How to run, as opposed to what."""

    preset: Literal["paper", "quick"] = "paper"
    """paper: the report's recipe. quick: the same code, smaller, under a minute on 2 cores."""
    config: Path | None = None
    """A JSON file of fields, as a search's best.json or a run's config.json; flags win over it."""
    output: Path = Path("runs")
    """Folder of all runs."""
    resume: bool = False
    """Go on with the newest run of the same settings that was killed or interrupted."""
    verbose: bool = False
    """Let TensorFlow's own messages through."""


def main(experiment: ModuleType) -> int:
    """Run a module as :mod:`keras_suite.experiment` describes it; return its exit code."""

    @ctrl_c_ends_at_once()
    def job():
        options, config = parse(experiment, sys.argv[1:])
        start_tensorflow(verbose=options.verbose)
        name, about = Path(experiment.__file__).stem, experiment.__doc__.partition("\n")[0]
        flags = shlex.join(flag for flag in sys.argv[1:] if flag != "--resume")
        command = f"python experiments/{name}.py {flags}".strip()
        record = {"about": about, "command": command, "resume": options.resume}
        opened = open_run(name, options.preset, config, options.output, **record)
        with opened as run, ctrl_c_ends_at_once(run.interrupt):
            if not run.is_done:
                run_experiment(experiment, config, run)
            run.show()

    return exit_code(job)


def parse(experiment: ModuleType, arguments: list[str]) -> tuple[Options, object]:
    """Read options and Config; preset and ``--config`` give the defaults of all other flags.

    Raises:
        InputError: where the Config refuses its fields or the file cannot be used.
        SystemExit: with code 2 on a flag that is unknown or not of its type, 0 on ``--help``.
    """
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--preset")
    first.add_argument("--config", type=Path)
    given = first.parse_known_args(arguments)[0]
    defaults = experiment.PRESETS.get(given.preset, experiment.PRESETS["paper"])
    if given.config:
        defaults = read_config(given.config, defaults)

    def settings(
        options: Annotated[Options, tyro.conf.arg(name="")],
        config: Annotated[experiment.Config, tyro.conf.arg(name="", default=defaults)],
    ) -> tuple[Options, object]:
        return options, config

    try:
        return tyro.cli(
            settings,
            prog=f"python {os.path.relpath(experiment.__file__)}",
            description=experiment.__doc__,
            args=arguments,
            config=(tyro.conf.FlagCreatePairsOff,),
        )
    except ValueError as error:
        raise InputError(str(error)) from error
