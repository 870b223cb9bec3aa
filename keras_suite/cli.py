"""The command line: ``python -m keras_suite COMMAND ...``, or ``keras-suite COMMAND ...``."""

import argparse
import inspect
import os
import pkgutil
import shlex
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import tyro

from keras_suite.config import ExperimentConfig, read_config, shown
from keras_suite.data.download import introduce_ourselves, use_one_folder
from keras_suite.errors import InputError
from keras_suite.experiment import run as run_experiment
from keras_suite.runs.environment import code_sha256
from keras_suite.runs.run import open_run
from keras_suite.terminal.flags import read_flags
from keras_suite.terminal.interrupts import ctrl_c_ends_at_once, exit_code
from keras_suite.terminal.quiet import start_tensorflow

COMMANDS = {  # what each does, and where the class of its name is
    "run": ("Run an experiment: train, measure, compare, draw and export its models.", ""),
    "tune": ("Search an experiment's hyperparameters with Hyperband.", ""),
    "fetch": ("Download what experiments need into one folder.", "fetch"),
    "report": ("Write all runs on one page.", "report.commands"),
    "report table": ("Write their figures and claims as a page of Markdown.", "report.commands"),
    "compare": ("Set two runs side by side.", "report.commands"),
    "export": ("Make the models of runs versions for TensorFlow Serving.", "serving.publish"),
    "check": ("Ask whether exports give what the models gave, and how fast.", "serving.check"),
    "predict": ("Predict with the model of a run or an export.", "serving.predict"),
}


def main(arguments: list[str] | None = None) -> int:
    """Do the command that the words after the program give; return :func:`exit_code`'s code."""
    name, *rest = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    match name:
        case "run" if rest and not rest[0].startswith("-"):
            return exit_code(lambda: run(find_experiment(rest[0]), rest[1:]))
        case "-h" | "--help" | "run":
            print(overview())
            return 0
        case "report" if rest[:1] == ["table"]:
            name, rest = "report table", rest[1:]
        case "tune":
            return import_module("keras_suite.tuning.search").main(rest)
    return exit_code(lambda: _do(name, rest), "Interrupted; the same command begins again.")


def overview() -> str:
    """Return what there is, for ``--help``."""
    lines = [f"usage: {program()} COMMAND ...", "", "Each COMMAND has a --help.", "", "commands:"]
    lines += [f"  {name:<17}{about}" for name, (about, _) in COMMANDS.items()]
    lines += ["", "experiments, for run NAME and tune NAME:"]
    lines += [f"  {n:<17}{_described(find_experiment(n))[0]}" for n in experiment_names()]
    return "\n".join(lines)


def _described(experiment: ModuleType) -> tuple[str, str]:
    """Return what an experiment is, in a line, and its method, without the commands."""
    about, *paragraphs = inspect.cleandoc(str(experiment.__doc__)).split("\n\n")
    return about, "\n\n".join(each for each in paragraphs if not each.startswith(" "))


def _do(name: str, arguments: list[str]) -> None:
    if name not in COMMANDS:
        raise InputError(f"There is no command {name!r}: there are {', '.join(COMMANDS)}.")
    command = pkgutil.resolve_name(
        f"keras_suite.{COMMANDS[name][1]}:{name.title().replace(' ', '')}"
    )
    read_flags(command, arguments, f"{program()} {name}").run()


def program() -> str:
    """Return what a person types to start this."""
    name = Path(sys.argv[0]).name
    return name if name == "keras-suite" else "python -m keras_suite"


def experiment_names() -> list[str]:
    """Return the names of all experiments: the files of one folder."""
    folder = import_module("keras_suite.experiments").__path__
    return sorted(module.name for module in pkgutil.iter_modules(folder))


def find_experiment(name: str) -> ModuleType:
    """Import an experiment; raise InputError where there is none of that name."""
    if name not in experiment_names():
        known = ", ".join(experiment_names())
        raise InputError(f"There is no experiment {name!r}: there are {known}.")
    return import_module(f"keras_suite.experiments.{name}")


@dataclass(frozen=True)
class Options:
    """How to run, as opposed to what."""

    preset: Literal["paper", "quick"] = "paper"
    """paper: the report's recipe. quick: the same code, smaller, under a minute on 2 cores."""
    config: Annotated[Path | None, shown("FILE", "the preset")] = None
    """A JSON file of fields, as a search's best.json or a run's config.json; flags win over it."""
    output: Path = Path("runs")
    """Folder of all runs."""
    resume: bool = False
    """Go on with the newest run of the same settings that was killed or interrupted."""
    verbose: bool = False
    """Let TensorFlow's own messages through."""


def run_file(experiment: ModuleType) -> int:
    """Run an experiment's file, the module ``__main__``, as a program; return its exit code."""
    return exit_code(lambda: run(experiment, sys.argv[1:]))


@ctrl_c_ends_at_once()
def run(experiment: ModuleType, arguments: list[str]) -> None:
    """Run an experiment by the flags of a command line; raise InputError where it cannot be."""
    options, config = parse(experiment, arguments)
    use_one_folder()
    start_tensorflow(verbose=options.verbose)
    introduce_ourselves()
    flags = [flag for flag in arguments if flag != "--resume"]
    command = " ".join([started_by(experiment), *map(shlex.quote, flags)])
    name, (about, method) = Path(str(experiment.__file__)).stem, _described(experiment)
    record = {"about": about, "method": method, "command": command, "resume": options.resume}
    record["code"] = code_sha256(Path(str(experiment.__file__)))
    opened = open_run(name, options.preset, config, options.output, **record)
    with opened as this, ctrl_c_ends_at_once(this.interrupt):
        if not this.is_done:
            run_experiment(experiment, config, this)
        this.show()


def started_by(experiment: ModuleType) -> str:
    """Return the command that runs an experiment, without flags."""
    if experiment.__name__ == "__main__":
        return f"python {os.path.relpath(str(experiment.__file__))}"
    return f"{program()} run {Path(str(experiment.__file__)).stem}"


def parse(experiment: ModuleType, arguments: list[str]) -> tuple[Options, ExperimentConfig]:
    """Read options and Config, or raise InputError; preset and ``--config`` give the defaults."""
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    first.add_argument("--preset")
    first.add_argument("--config", type=Path)
    try:
        given = first.parse_known_args(arguments)[0]
    except argparse.ArgumentError as error:
        raise InputError(f"{error}; see {started_by(experiment)} --help.") from error
    defaults = experiment.PRESETS.get(given.preset, experiment.PRESETS["paper"])
    if given.config:
        defaults = read_config(given.config, defaults)

    def settings(
        options: Annotated[Options, tyro.conf.arg(name="")],
        config: Annotated[experiment.Config, tyro.conf.arg(name="", default=defaults)],  # pyright: ignore[reportInvalidTypeForm]
    ) -> tuple[Options, ExperimentConfig]:
        return options, config

    try:
        return read_flags(settings, arguments, started_by(experiment), experiment.__doc__ or "")
    except ValueError as error:
        raise InputError(str(error)) from error
