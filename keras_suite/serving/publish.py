"""A run's model as the next version of a served model."""

import json
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from keras_suite.config import shown
from keras_suite.errors import InputError, in_a_line, printable
from keras_suite.runs.read import RunFolder
from keras_suite.serving import warmup
from keras_suite.serving.arguments import Runs, console, find_and_tell
from keras_suite.serving.card import make_card, read_signature
from keras_suite.serving.server_files import BATCHING, can_batch, versions, write_server_files
from keras_suite.terminal import files

LOCK_SECONDS = 600  # that an export waits for another one


@dataclass(frozen=True)
class Export:
    """Make the models of runs the next versions in a folder that TensorFlow Serving serves."""

    runs: Runs
    """A run's folder; an experiment's, for its latest run; or all experiments', for each latest."""
    to: Path = Path("models")
    """Folder of the served models."""
    keep: Annotated[int | None, shown("N", "all")] = None
    """How many of the newest versions of each exported model stay."""

    def run(self) -> None:
        """Export, and print what each model takes and gives."""
        if self.keep is not None and self.keep < 1:
            raise InputError(f"--keep must be at least 1, not {self.keep}.")
        terminal = console()
        for run in find_and_tell(self.runs, terminal):
            folder, notes = publish(run, self.to, self.keep)
            said = printable(f"{run.name}, version {folder.name}: {folder}")
            terminal.print(said, style="bold")
            for part, specs in zip(("input", "output"), read_signature(folder), strict=True):
                for name, each in specs.items():
                    sizes = ["any"] if each["shape"] is None else each["shape"]
                    shape = " × ".join(str(size or "?") for size in sizes)
                    terminal.print(printable(f"  {part} {name}: {each['dtype']} {shape}"))
            for note in notes:
                terminal.print(note, style="yellow")


def publish(run: RunFolder, models: Path, keep: int | None = None) -> tuple[Path, list[str]]:
    """Make a run's model the next version ``models/NAME/VERSION/``.

    It appears in one step, so that a server never sees half of it; two exports at a time take their
    turns. The server's files beside the models are written anew. Of the exports the ``keep``
    newest stay, all for None; older ones go once the new one stands. InputError is raised where
    that cannot be written, another export does not end, or files are broken. Returns the version's
    folder, and sentences on what it lacks or comes from.
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
                notes = _add_extras(run, version, partial)
            exported = [v for v in versions(home) if (v / "assets.extra" / "card.json").is_file()]
            for old in exported[:-keep] if keep else []:
                hidden = old.with_name(f".partial-old-{old.name}")
                old.rename(hidden)  # gone for a server at once
                files.remove(hidden)
            write_server_files(models)
    except OSError as error:
        raise InputError(
            f"{models} cannot be written ({in_a_line(error)}): make room or rights there, or "
            "choose another folder with --to."
        ) from error
    return home / str(version), notes


def _add_extras(run: RunFolder, version: int, folder: Path) -> list[str]:
    """Add to a SavedModel what clients and the server want besides; return sentences on it."""
    from keras_suite.serving.examples import Examples

    card, extra, notes = make_card(run, version), folder / "assets.extra", []
    examples = Examples.load(run.examples_file)
    extra.mkdir(exist_ok=True)
    shutil.copy(run.examples_file, extra / "examples.npz")
    (extra / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    if (run.folder / "tokenizer").is_dir():
        shutil.copytree(run.folder / "tokenizer", extra / "tokenizer")
    if can_batch(card["inputs"]):
        (folder / "batching_params.pbtxt").write_text(BATCHING, encoding="utf-8")
    if find_spec("tensorflow_serving"):
        warmup.write_warmup(extra / warmup.FILE, run.name, examples)
    else:
        notes.append(
            f"{run.name} is without warm-up, so its first request will be slow: pip install "
            '"keras_suite[serving]" and export again for it.'
        )
    if card["data"]["kind"] == "sample":
        notes.append(f"{run.name} is trained on SAMPLE DATA: it is for trying things out.")
    return notes
