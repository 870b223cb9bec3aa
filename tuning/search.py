"""Search an experiment's hyperparameters with KerasTuner's Hyperband.

    python tuning/search.py fashion_mnist                       30 trials, 120 epochs
    python tuning/search.py fraud --preset quick --workers 2    smaller, two processes
    python tuning/search.py fashion_mnist --set batch_size=64   one field changed for all trials

Leaves in OUTPUT/NAME/: best.json (python experiments/NAME.py --config best.json), trials.csv,
figures/, tensorboard/ and a history.json for each trial. A search that was killed goes on with
the same command and --resume. With KERASTUNER_TUNER_ID, KERASTUNER_ORACLE_IP and
KERASTUNER_ORACLE_PORT set, the process joins a cluster, as its chief or as a worker.
"""

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import tyro
from etils import epy
from keras_suite.tuning import cluster  # pyright: ignore[reportMissingImports]
from keras_suite.tuning.server import Server  # pyright: ignore[reportMissingImports]

from keras_suite import cli
from keras_suite.config import ExperimentConfig, flag, shown, with_fields
from keras_suite.errors import InputError
from keras_suite.terminal.flags import read_flags
from keras_suite.terminal.interrupts import ctrl_c_ends_at_once, exit_code
from keras_suite.terminal.quiet import start_tensorflow

with epy.lazy_imports():
    from keras_suite.tuning import conduct  # pyright: ignore[reportMissingImports]


@dataclass(frozen=True)
class Options:
    """What to search and how."""

    name: Annotated[tyro.conf.Positional[str], shown("NAME")]
    """The experiment, a file in experiments/ without its .py."""
    preset: Literal["paper", "quick"] = "paper"
    """The Config of the trials, but for what the experiment's search space samples."""
    data: Literal["auto", "real", "sample"] = "auto"
    """auto: --data-dir, else the cache, else a download, else (no network) a sample.
    real: never the sample. sample: always."""
    data_dir: Annotated[Path | None, shown("PATH", "as --data says")] = None
    """The data file or its folder, where you have it already."""
    seed: int = 42
    """Seed of the sampled values and of every trial."""
    max_epochs: int = 10
    """Epochs of the longest trial."""
    factor: int = 3
    """A rung of Hyperband has so many times fewer trials, and more epochs, than the one below."""
    hyperband_iterations: int = 1
    """How often all brackets of Hyperband run."""
    workers: int = 1
    """Processes on this machine that run trials side by side."""
    output: Path = Path("runs/tuning")
    """Folder of all searches."""
    resume: bool = False
    """Go on with the search in the output folder."""
    overwrite: bool = False
    """Remove the search in the output folder first."""
    set: Annotated[tuple[str, ...], shown("FIELD=VALUE ...", "the preset's")] = ()
    """Config fields that all trials share; several values with commas: filters=16,32."""
    verbose: bool = False
    """Let TensorFlow's own messages through."""

    def __post_init__(self):
        at_least = {"max_epochs": 1, "factor": 2, "hyperband_iterations": 1, "workers": 1}
        for name, least in at_least.items():
            if (value := getattr(self, name)) < least:
                raise InputError(f"{flag(name)} must be at least {least}, not {value}.")
        if self.resume and self.overwrite:
            raise InputError("--resume and --overwrite exclude each other: give one of them.")


def main(arguments: list[str] | None = None) -> int:
    """Search by flags, by default the program's; return :func:`exit_code`'s code."""
    return exit_code(lambda: search(parse(sys.argv[1:] if arguments is None else arguments)))


def parse(arguments: list[str]) -> Options:
    """Read the flags; raise InputError where they cannot be used."""
    started_by = "python tuning/search.py" if __name__ == "__main__" else f"{cli.program()} tune"
    return read_flags(Options, arguments, started_by, __doc__ or "")


@ctrl_c_ends_at_once()
def search(options: Options) -> None:
    """Run a search, or this process's part of one."""
    base_config(find_experiment(options.name), options)  # refuses before any process is started
    part = cluster.role()
    if options.workers > 1:
        if part != "alone":
            raise InputError(
                f"--workers starts a cluster of its own, but {cluster.TUNER_ID} says that this "
                "process joins one: leave one of them out."
            )
        server, work = Server("127.0.0.1:0"), partial(work_for_this_machine, options)
        with cluster.local_workers(options.workers, work, server.port) as crew:
            this = start(options)  # while they do
            this.conduct(partial(this.lead, server, crew))
    elif part == "chief":
        server, this = Server(cluster.address()), start(options)
        this.conduct(partial(this.lead, server))
    elif part == "worker":
        start(options).join()
    else:
        this = start(options)
        this.conduct(this.run_alone)


def work_for_this_machine(options: Options, receive: Callable[[], object]) -> None:
    """Be one of several workers that a search has started, for data that is received."""
    start(options).work(receive)


def start(options: Options) -> "conduct.Search":
    """Load what a search needs, which takes seconds."""
    experiment = find_experiment(options.name)
    config = base_config(experiment, options)
    start_tensorflow(verbose=options.verbose)
    return conduct.Search(experiment, config, options)


def find_experiment(name: str) -> ModuleType:
    """Import an experiment; raise InputError where there is none, or it cannot be tuned."""
    experiment = cli.find_experiment(name)
    for needed in ("search_space", "OBJECTIVE"):
        if not hasattr(experiment, needed):
            raise InputError(f"experiments/{name}.py has no {needed}: it cannot be tuned.")
    return experiment


def base_config(experiment: ModuleType, options: Options) -> ExperimentConfig:
    """Return the preset with what the command line sets; raise InputError where it cannot."""
    shared = {name: getattr(options, name) for name in ("seed", "data", "data_dir")}
    try:
        config = dataclasses.replace(experiment.PRESETS[options.preset], **shared)
    except ValueError as error:
        raise InputError(str(error)) from error
    fields = {}
    for setting in options.set:
        name, equals, value = setting.partition("=")
        if not equals:
            raise InputError(f"--set {setting}: write it as field=value.")
        fields[name.replace("-", "_")] = value.split(",") if "," in value else value
    return with_fields(config, fields, "--set")


if __name__ == "__main__":
    sys.exit(main())
