"""Downloading what experiments need, to go on without a network."""

import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from keras_suite import cli
from keras_suite.config import shown
from keras_suite.data.download import cache_folder, introduce_ourselves, use_one_folder
from keras_suite.errors import InputError
from keras_suite.experiment import find_weights, needs_of
from keras_suite.terminal.quiet import start_tensorflow


@dataclass(frozen=True)
class Fetch:
    """Download the data and weights of experiments into one folder, or list them.

    A machine without a network has them by KERAS_SUITE_CACHE=FOLDER.
    """

    name: Annotated[tyro.conf.Positional[str], shown("NAME")]
    """An experiment, or all."""
    to: Annotated[Path | None, shown("FOLDER", "$KERAS_SUITE_CACHE")] = None
    """The folder; without it and without the variable, each library keeps its files where it
    always does."""
    preset: Literal["paper", "quick"] = "paper"
    """Whose data and weights."""
    list: bool = False
    """Show what is needed, from where, under which licence, and whether it is here."""

    def run(self) -> None:
        """Fetch or list; raise InputError, in the end, on experiments that cannot have all."""
        if self.to is not None:
            os.environ["KERAS_SUITE_CACHE"] = str(self.to)
        use_one_folder()
        names = cli.experiment_names() if self.name == "all" else [self.name]
        experiments = {name: cli.find_experiment(name) for name in names}
        start_tensorflow()
        introduce_ourselves()
        console = Console(soft_wrap=True, highlight=False)
        if self.list:
            for line in _listed(experiments, self.preset):
                console.print(line, markup=False)
            return
        problems = []
        for name, experiment in experiments.items():
            config = dataclasses.replace(experiment.PRESETS[self.preset], data="real")
            for part in (_data, _weights):
                try:
                    here = part(experiment, config)
                except InputError as error:
                    problems.append(f"{name}: {error}")
                    continue
                if here:
                    console.print(f"{name}: {here}", markup=False)
        if problems:
            raise InputError(" ".join(problems))
        if os.environ.get("KERAS_SUITE_CACHE"):
            console.print(f"All lies in {cache_folder()}.", markup=False)


def _data(experiment, config) -> str:
    loaded = experiment.load(config)
    what = f"{loaded.provenance.rows:,} rows of {loaded.provenance.source}"
    return f"{what}; {loaded.notice}" if loaded.notice else what


def _weights(experiment, config) -> str:
    weights = find_weights(experiment, _configs(experiment, config))
    return ", ".join(each["name"] for each in weights)


def _configs(experiment, config) -> list:
    return [variant.config for variant in experiment.variants(config)]


def _listed(experiments: dict, preset: str) -> Iterator[str]:
    for name, experiment in experiments.items():
        configs = _configs(experiment, experiment.PRESETS[preset])
        for need in needs_of(experiment, configs):
            here = "present" if need.is_present else "missing"
            size, licence = need.size or "size not known", need.licence or "licence: see there"
            yield f"{name}: {need.what} ({size}, {licence}), {here}"
            yield f"    from {need.address or 'a folder'}"
            yield f"    to   {need.place or 'the installed package'}"
