"""A run's folder: everything one execution of an experiment leaves behind."""

import csv
import dataclasses
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from rich.console import Console

from keras_suite.config import ExperimentConfig
from keras_suite.data.provenance import Provenance
from keras_suite.errors import InputError
from keras_suite.runs.claims import claims_table, sound_claims
from keras_suite.runs.environment import environment
from keras_suite.runs.numbers import strict_json
from keras_suite.runs.read import read_json
from keras_suite.runs.results import results_table
from keras_suite.runs.resume import changes_since, find_run
from keras_suite.terminal import files
from keras_suite.terminal.progress import JobProgress

WRITE_EVERY = 10
"""Seconds after which a stage's time so far is written: a kill loses no more of it."""


class Run:
    """An open run: its folder, its ``metrics.json`` and the terminal it reports to.

    ``metrics.json`` is rewritten whole after each stage, so it is valid at any moment. Its status
    is "running", "interrupted" (Ctrl-C) or "done"; a run that says "running" while no process
    holds its lock was killed.
    """

    def __init__(self, folder: Path, metrics: dict, config: str, console: Console):
        self.folder = folder
        self.metrics = metrics
        self.config = config
        self.console = console
        self.experiment: str = metrics["experiment"]
        self.state_folder = folder / "state"  # of resumable states, until the run is done
        self.progress = JobProgress(console)
        self.provenance: Provenance | None = None
        self._stage: tuple[str, float, float] | None = None
        self._written, self._writing = 0.0, threading.Lock()
        self.histories: dict[str, list[dict]] = {}

    @property
    def has_begun(self) -> bool:
        """Whether it has its data; else nothing of it is worth to be kept."""
        return self.metrics["data"] is not None

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to do."""
        return self.metrics["status"] == "done"

    def use(
        self, provenance: Provenance, notice: str = "", weights: Sequence[dict[str, str]] = ()
    ) -> None:
        """Record the run's data and weights, say on the terminal what it is, and show the bar.

        Comes when nothing can be refused any more: until then an InputError leaves no folder. It
        is raised here, too, where the run was begun on other data or weights.
        """
        data, before = dataclasses.asdict(provenance), self.metrics["data"]
        if before and before["sha256"] != data["sha256"]:
            raise InputError(
                f"{self.folder} was begun on other rows (sha256 {before['sha256'][:8]}..., now "
                f"{data['sha256'][:8]}...): start again without --resume."
            )
        known = self.metrics.get("weights") or ()
        for now in weights if known else ():
            if now not in known:
                raise InputError(
                    f"{self.folder} was begun with other weights than {now['name']} has now: start "
                    "again without --resume."
                )
        self.provenance = provenance
        self.metrics |= {"data": data, "weights": list(weights)}
        if not before:
            files.write_text(self.folder / "config.json", self.config + "\n")
        self.write()
        files.point_latest(self.folder.parent, self.folder.name)
        provenance.announce(self.console, notice)
        self.progress.bar.start()

    @contextmanager
    def stage(self, name: str, share: float = 0.0) -> Iterator[Callable[[float], None]]:
        """Time a part of the run and show it on the bar; see :meth:`JobProgress.stage`."""
        self._stage = name, self.metrics["seconds"].get(name, 0), time.perf_counter()
        with self.progress.stage(name, share) as advance:

            def advance_and_write(part: float) -> None:
                advance(part)
                if time.perf_counter() - self._written > WRITE_EVERY:
                    self.write()

            yield advance_and_write
        self.write()
        self._stage = None

    def fit(self, fits: list, share: float, at_once: int | None = None) -> dict[str, list[dict]]:
        """Run all fits, resumable, and write ``history.csv`` with these and all fits before.

        Their names are unique in the run, and they take ``share`` of its time; the rest is as in
        :func:`keras_suite.training.parallel.run_fits`.
        """
        from keras_suite.training.parallel import run_fits

        steps = sum(fit.steps for fit in fits)
        folders = self.state_folder, self.folder / "tensorboard"
        with self.stage("fit", share) as advance:
            histories = run_fits(
                fits, *folders, on_steps=lambda done: advance(done / steps), at_once=at_once
            )
            self.histories |= histories
            self._write_history()
        return histories

    def _write_history(self) -> None:
        """Write ``history.csv``: a row per fit and epoch, empty where a fit has no such figure."""
        rows = [{"fit": fit} | each for fit, entries in self.histories.items() for each in entries]
        rows = [{k: v for k, v in row.items() if not isinstance(v, list)} for row in rows]
        file = self.folder / "history.csv"
        with files.whole(file) as partial, partial.open("w", newline="") as opened:
            writer = csv.DictWriter(opened, dict.fromkeys(chain.from_iterable(rows)))
            writer.writeheader()
            writer.writerows(rows)

    def save_figure(self, figure, name: str) -> None:
        """Save a figure as ``figures/<name>.png``, marked with the data it shows."""
        from keras_suite.plots import style as plots

        assert self.provenance is not None
        plots.save(figure, self.folder / "figures" / f"{name}.png", self.provenance)

    def say(self, what) -> None:
        """Print a sentence as it is, or something that rich can lay out."""
        plain: dict = {"markup": False, "emoji": False, "highlight": False, "soft_wrap": True}
        self.console.print(what, **plain if isinstance(what, str) else {})

    def finish(self, results: list[dict], claims: Sequence[dict] = ()) -> None:
        """Record what came out; the run is then done and its resumable states go."""
        self.metrics |= {"results": results, "claims": list(claims), "status": "done"}
        self.metrics["seconds"]["total"] = round(sum(self.metrics["seconds"].values()), 2)
        self.write()
        files.remove(self.state_folder)

    def write(self) -> None:
        """Write ``metrics.json``, with the seconds of the stage so far; from any thread."""
        with self._writing:
            if self._stage:
                name, before, started = self._stage
                seconds = before + time.perf_counter() - started
                self.metrics["seconds"][name] = round(seconds, 2)
            files.write_text(self.folder / "metrics.json", strict_json(self.metrics))
            self._written = time.perf_counter()

    def interrupt(self) -> None:
        """Record that Ctrl-C ends the run, and put the bar away."""
        self.progress.bar.stop()
        if not self.has_begun:
            files.remove(self.folder)
        elif not self.is_done:
            self.metrics["status"] = "interrupted"
            self.write()

    def show(self) -> None:
        """Print the tables of test figures and of costs, and where the run lies."""
        self.progress.bar.stop()
        data, results = self.metrics["data"], self.metrics["results"]
        title = f"{'SAMPLE DATA: ' * (data['kind'] == 'sample')}{self.experiment}, {data['source']}"
        for split, group in (("test", ""), ("", "cost")):  # metrics.json has all
            table = results_table(results, split, title, group)
            if table.row_count:
                self.console.print(table)
        self._show_claims(title)
        self.say(f"Run: {self.folder}")

    def _show_claims(self, title: str) -> None:
        claims = sound_claims(self.metrics.get("claims", ()))
        answers = {each["answer"] for each in claims}
        if answers & {"holds", "does not hold"}:
            self.console.print(claims_table(claims, f"{title}: what its source claims"))
        elif "undecided" in answers:
            names = ", ".join(each["name"] for each in claims)
            self.say(f"Undecided: {names}, which the source claims. --repeats 3 may settle that.")


@contextmanager
def open_run(
    experiment: str,
    preset: str,
    config: ExperimentConfig,
    output: Path,
    *,
    resume: bool = False,
    console: Console | None = None,
    **told: str,
) -> Iterator[Run]:
    """Open a new run, or with ``resume`` the newest unfinished of the same experiment and Config.

    What is gone on with is said, and what has changed since it began; where there is none, a new
    one is begun in the folder of all runs, ``output``. Its record holds ``preset`` and what is told
    of it: ``about`` (what is reproduced, in a line), ``method`` (how, and by which sources),
    ``command`` and ``code`` (its SHA-256). Ctrl-C leaves it with the status "interrupted";
    InputError is raised where another process is at it, or it cannot be written or read.
    """
    home = output / experiment
    fields = json.loads(json.dumps(dataclasses.asdict(config), default=str))
    console = console or Console()
    found = find_run(home, fields) if resume else None
    if found:
        console.print(found.sentence, markup=False, highlight=False, soft_wrap=True)
    before = found and found.folder
    content = json.dumps(fields, sort_keys=True, indent=1)
    folder = before or _new_folder(home, hashlib.sha256(content.encode()).hexdigest()[:8])
    busy = f"Another process is at {folder}: wait for it"
    run = None
    try:
        with files.held(folder / ".lock", f"{busy}, or start a run of your own without --resume."):
            files.sweep(folder)
            begun = {"experiment": experiment, **told, "preset": preset}
            run = Run(folder, _metrics(folder, begun, config, console), content, console)
            if run.is_done:
                files.remove(run.state_folder)  # the kill may have come just before this
            try:
                yield run
            except KeyboardInterrupt:
                run.interrupt()
                raise
            finally:
                run.progress.bar.stop()
    except BaseException:
        if not before and not (run and run.has_begun):
            files.remove(folder)
        raise


def _new_folder(home: Path, fingerprint: str) -> Path:
    files.make_folder(home)
    while True:
        folder = home / f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{fingerprint}"
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            time.sleep(0.1)  # a run of the same settings began in this second
        except OSError as error:
            raise InputError(
                f"{home} cannot be made ({error.strerror}): choose another folder with --output."
            ) from error


def _metrics(folder: Path, begun: dict[str, str], config: ExperimentConfig, console) -> dict:
    now = begun | {
        "seed": config.seed,
        "status": "running",
        "data": None,
        "environment": environment(),
        "seconds": {},
        "parameters": None,
        "results": [],
    }
    if not (folder / "metrics.json").exists():
        return now
    metrics, problems = read_json(folder / "metrics.json")
    if problems or not now.keys() - begun.keys() <= metrics.keys():
        why = problems[0] if problems else "it lacks what a run's record has"
        raise InputError(
            f"{folder / 'metrics.json'} is damaged ({why}): remove {folder} or start again without "
            "--resume."
        )
    if metrics["status"] != "done":
        metrics["status"] = "running"
        if changed := changes_since(metrics, now):
            metrics.setdefault("changed_on_resume", []).append(changed)
            told = ", ".join(f"{name} ({each})" for name, each in changed.items())
            console.print(
                f"Since it began this has changed: {told}. What was trained before stays as it is.",
                markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip
    return metrics
