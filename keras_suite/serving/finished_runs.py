"""Runs whose model can be served, found by the folders a person names."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import tyro

from keras_suite.errors import InputError

Runs = Annotated[
    tyro.conf.Positional[tuple[Path, ...]],
    tyro.conf.arg(metavar="RUN ...", help_behavior_hint=""),
]
"""A command line's paths for :func:`find_runs`."""


@dataclass(frozen=True)
class FinishedRun:
    """A run that is done and has an export.

    Raises:
        InputError: where the folder is no such run.
    """

    folder: Path

    def __post_init__(self):
        status = self.metrics["status"]
        if status != "done":
            raise InputError(
                f"{self.folder} is not done (its status is {status}): go on with it by its "
                "experiment's --resume, or name another run."
            )
        if not (self.saved_model / "saved_model.pb").exists():
            raise InputError(
                f"{self.folder} has no export (serving/{self.name}/1): run the experiment again."
            )

    @property
    def name(self) -> str:
        """The experiment's, under which its model is served."""
        return self.metrics["experiment"]

    @property
    def saved_model(self) -> Path:
        """The exported SavedModel's folder."""
        return self.folder / "serving" / self.name / "1"

    @property
    def examples_file(self) -> Path:
        """Of :class:`keras_suite.serving.examples.Examples`; older runs have none."""
        return self.folder / "serving" / "examples.npz"

    @cached_property
    def metrics(self) -> dict:
        """What ``metrics.json`` holds."""
        file = self.folder / "metrics.json"
        try:
            metrics = json.loads(file.read_text())
            return {"status": metrics["status"], "experiment": metrics["experiment"]} | metrics
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{file} cannot be read as a run's record: name another run."
            ) from error


def find_runs(paths: Sequence[Path]) -> tuple[list[FinishedRun], list[str]]:
    """Find the runs that a person means.

    Args:
        paths: folders of runs; of experiments, which stand for their latest run; or of several
            experiments, such as ``runs/``, which stand for the latest run of each.

    Returns:
        The runs, and a sentence for each experiment below a folder of several whose latest run
        cannot be used.

    Raises:
        InputError: where nothing is found, or a run or experiment named by itself cannot be used.
    """
    found, refused = [], []
    for path in paths:
        if (path / "metrics.json").exists():
            found.append(FinishedRun(path.resolve()))
        elif _has_latest(path):
            found.append(FinishedRun((path / "latest").resolve()))
        else:
            for folder in _experiments(path):
                try:
                    found.append(FinishedRun((folder / "latest").resolve()))
                except InputError as error:
                    refused.append(str(error))
    if not found:
        raise InputError(" ".join(refused) or "Name a run's folder, such as runs/fraud/latest.")
    return found, refused


def _has_latest(folder: Path) -> bool:
    return (folder / "latest").is_symlink()


def _experiments(path: Path) -> list[Path]:
    folders = sorted(path.iterdir()) if path.is_dir() else []
    experiments = [each for each in folders if _has_latest(each)]
    if not experiments:
        raise InputError(
            f"{path} is neither a run's folder nor an experiment's nor one of experiments: name "
            "one, such as runs/fraud/latest, runs/fraud or runs."
        )
    return experiments
