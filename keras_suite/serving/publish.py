"""A run's model as the next version of a served model."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zipfile import is_zipfile

import tyro
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from keras_suite.errors import InputError, in_a_line
from keras_suite.serving import warmup
from keras_suite.serving.card import make_card
from keras_suite.serving.finished_runs import FinishedRun, Runs, find_runs
from keras_suite.serving.server_files import (
    batching_parameters,
    can_batch,
    versions,
    write_server_files,
)
from keras_suite.terminal import files
from keras_suite.terminal.quiet import start_tensorflow

LOCK_SECONDS = 600
"""How long an export waits for another one."""


@dataclass(frozen=True)
class Export:
    """Make the models of runs the next versions in a folder that TensorFlow Serving serves."""

    runs: Runs
    """A run's folder; an experiment's, for its latest run; or all experiments', for each latest."""
    to: Path = Path("models")
    """Folder of the served models."""
    keep: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Remove all but so many of the newest versions of each model that is exported."""

    def __post_init__(self):
        if self.keep is not None and self.keep < 1:
            raise InputError(f"--keep must be at least 1, not {self.keep}.")

    def run(self) -> None:
        """Export, and print what each model takes and gives."""
        console = Console()
        runs, refused = find_runs(self.runs)
        for sentence in refused:
            console.print(f"Left out: {sentence}", style="yellow", highlight=False, soft_wrap=True)
        start_tensorflow()
        for run in runs:
            with console.status(f"{run.name}: exporting"):
                published = publish(run, self.to, self.keep)
            heading = f"{run.name}, version {published.card['version']}: {published.folder}"
            console.print(heading, style="bold", highlight=False, soft_wrap=True)
            console.print(_signature_table(published.card))
            for note in published.notes:
                console.print(f"{note}\n", style="yellow", highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Published:
    """A version that a server can load."""

    folder: Path
    card: dict
    """See :func:`keras_suite.serving.card.make_card`."""
    notes: tuple[str, ...]
    """Sentences on what it is without, and that it comes from sample data."""


def publish(run: FinishedRun, models: Path, keep: int | None = None) -> Published:
    """Make a run's model the next version ``models/NAME/VERSION/``.

    It appears in one step, so that a server never sees half of it; two exports at a time take their
    turns. Besides the SavedModel it has in ``assets.extra/`` ``card.json``, the run's
    ``tokenizer/`` and ``examples.npz`` where it has any, and the requests of
    :mod:`keras_suite.serving.warmup`. The server's files beside the models are written anew.

    Args:
        run: what to export.
        models: folder of all models, made where it is missing.
        keep: how many of the newest versions stay; None keeps all. Older ones go once the new one
            stands.

    Raises:
        InputError: where the folder cannot be written, another export does not end, or the run's
            files are broken.
    """
    home = models / run.name
    busy = f"Another export to {models} has been going on for {LOCK_SECONDS} s: try again later."
    try:
        models.mkdir(parents=True, exist_ok=True)
        with files.held(models / ".lock", busy, LOCK_SECONDS):
            files.sweep(models)
            version = int(versions(home)[-1].name) + 1 if versions(home) else 1
            with files.whole(home / str(version)) as partial:
                shutil.copytree(run.saved_model, partial)
                card, notes = _add_extras(run, version, partial)
            for old in versions(home)[:-keep] if keep else []:
                _remove_in_one_step(old)
            write_server_files(models)
    except OSError as error:
        raise InputError(
            f"{models} cannot be written ({in_a_line(error)}): make room or rights there, or "
            "choose another folder with --to."
        ) from error
    return Published(home / str(version), card, notes)


def _add_extras(run: FinishedRun, version: int, folder: Path) -> tuple[dict, tuple[str, ...]]:
    """Add to a SavedModel what clients and the server want besides; return card and notes."""
    extra = folder / "assets.extra"
    extra.mkdir(exist_ok=True)
    card = make_card(run, version)
    (extra / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    if (run.folder / "tokenizer").is_dir():
        shutil.copytree(run.folder / "tokenizer", extra / "tokenizer")
    if can_batch(card["inputs"]):
        (folder / "batching_params.pbtxt").write_text(batching_parameters(), encoding="utf-8")
    notes = _add_examples(run, extra)
    if card["data"]["kind"] == "sample":
        notes.append(f"{run.name} is trained on SAMPLE DATA: it is for trying things out.")
    return card, tuple(notes)


def _add_examples(run: FinishedRun, extra: Path) -> list[str]:
    """Add the examples and what to warm up with; return a sentence where that cannot be."""
    from keras_suite.serving.examples import Examples

    if not run.examples_file.exists():
        why = f"{run.folder} is of a time when runs kept no examples"
        return [f"{run.name} is without warm-up, so its first request will be slow: {why}."]
    if not is_zipfile(run.examples_file):
        raise InputError(f"{run.examples_file} cannot be read: run the experiment again.")
    shutil.copy(run.examples_file, extra / "examples.npz")
    if not warmup.can_write():
        how = 'pip install "keras_suite[serving]" and export again'
        return [f"{run.name} is without warm-up, so its first request will be slow: {how} for it."]
    warmup.write_warmup(extra / warmup.FILE, run.name, Examples.load(run.examples_file))
    return []


def _remove_in_one_step(version: Path) -> None:
    """Take a version away from a server at once, then remove its files one by one."""
    hidden = version.with_name(f".partial-old-{version.name}")
    version.rename(hidden)
    files.remove(hidden)


def _signature_table(card: dict) -> Table:
    table = Table("", "name", "dtype", "shape", box=SIMPLE_HEAD)
    for part in ("inputs", "outputs"):
        for name, each in card[part].items():
            table.add_row(part[:-1], name, each["dtype"], _shape(each["shape"]))
    return table


def _shape(shape: list[int | None] | None) -> str:
    if shape is None:
        return "any"
    return " × ".join("?" if size is None else str(size) for size in shape)
