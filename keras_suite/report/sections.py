"""What the page says of each experiment."""

from dataclasses import dataclass, field

from keras_suite.report.comparison import Change, changes
from keras_suite.report.pictures import Picture, read_pictures
from keras_suite.runs.entry import Entry
from keras_suite.runs.read import RunFolder

HEADLINES = ("f1", "accuracy", "exact_match", "recall_at_1", "balanced_accuracy", "loss")


@dataclass(frozen=True)
class Section:
    """An experiment."""

    name: str
    runs: list[RunFolder]
    """All, the newest first."""
    shown: RunFolder | None = None
    """The run that stands for it: of those that are done, one on real rows before one on sample
    rows, one of the paper preset before a quick one, the newest of these."""
    pictures: list[Picture] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Of the shown run and its figures."""

    @property
    def others(self) -> list[tuple[RunFolder, list[Change]]]:
        """All other runs, with what differs from the shown one."""
        shown, others = self.shown, [run for run in self.runs if run is not self.shown]
        return [(o, changes(shown.config, o.config) if shown and o.config else []) for o in others]


def section(name: str, runs: list[RunFolder]) -> Section:
    """Choose the run that stands for an experiment, and read its figures."""
    shown = min((run for run in runs if run.status == "done"), key=_rank, default=None)
    if shown is None:
        return Section(name, runs)
    of = f"{name}{', sample rows' * (shown.data_kind == 'sample')}"
    pictures, problems = read_pictures(shown.folder / "figures", of, shown)
    return Section(name, runs, shown, pictures, [*shown.problems, *problems])


def _rank(run: RunFolder) -> tuple[bool, bool]:
    return run.data_kind != "real", run.metrics["preset"] != "paper"


def headline(run: RunFolder) -> Entry | None:
    """Choose the figure that stands for a run.

    A test figure that has a reported one beside it, else a validation figure that has, else any
    test figure; of these the exported model's, and of these the first of :data:`HEADLINES`.
    """

    def rank(entry: Entry) -> tuple:
        place = {("test", True): 0, ("validation", True): 1, ("test", False): 2}
        compared = entry.reported is not None
        others = run.metrics["exported"] not in (entry.model, entry.of)
        metric = [*HEADLINES, entry.metric].index(entry.metric)
        return place.get((entry.table, compared), 3), others, metric

    return min(run.entries, key=rank, default=None)


def by_table(entries: tuple[Entry, ...]) -> dict[str, dict[str, list[Entry]]]:
    """Sort figures by the table they stand in and by whose they are."""
    tables: dict[str, dict[str, list[Entry]]] = {}
    for entry in entries:
        tables.setdefault(entry.table, {}).setdefault(entry.of, []).append(entry)
    return tables
