"""What the page says of each experiment."""

from dataclasses import dataclass

from keras_suite.report.comparison import Change, changes
from keras_suite.report.entries import FIRST, in_reading_order
from keras_suite.report.pictures import Picture, read_pictures
from keras_suite.report.records import RunRecord
from keras_suite.report.searches import Search


@dataclass(frozen=True)
class Other:
    """A run beside the one that is shown."""

    record: RunRecord
    changes: list[Change]


@dataclass(frozen=True)
class Section:
    """An experiment.

    Args:
        name: of its folder.
        shown: the run that stands for it: of those that are done, one on real rows before one on
            sample rows, one of the paper preset before a quick one, the newest of these; or None.
        others: all other runs, the newest first.
        pictures: of the shown run.
        problems: of the shown run and its figures.
    """

    name: str
    shown: RunRecord | None
    others: list[Other]
    pictures: list[Picture]
    problems: list[str]

    @property
    def splits(self) -> list[tuple[str, bool, dict]]:
        """Name, whether open, and entries by whose they are, of each split in reading order."""
        found = self.shown.splits
        return [(split, split in FIRST, found[split]) for split in in_reading_order(found)]


def section(name: str, records: list[RunRecord]) -> Section:
    """Choose the run that stands for an experiment, and read its figures.

    Args:
        name: of the experiment.
        records: its runs, the newest first.
    """
    done = [record for record in records if record.status == "done"]
    shown = min(done, key=_rank, default=None)
    others = [Other(each, _changes(shown, each)) for each in records if each is not shown]
    if shown is None:
        return Section(name, None, others, [], [])
    of = f"{name}{', sample rows' * (shown.data_kind == 'sample')}"
    pictures, problems = read_pictures(shown.folder / "figures", of, shown)
    return Section(name, shown, others, pictures, [*shown.problems, *problems])


def _rank(record: RunRecord) -> tuple[bool, bool]:
    return record.data_kind != "real", record.metrics.get("preset") != "paper"


def _changes(shown: RunRecord | None, other: RunRecord) -> list[Change]:
    return changes(shown.config, other.config) if shown and other.config else []


def with_pictures(searches: list[Search]) -> list[tuple[Search, list[Picture], list[str]]]:
    """Read the figures of searches, and add what is wrong with them to the problems."""
    shown = []
    for search in searches:
        of = f"the search for {search.name}{', sample rows' * (search.data_kind == 'sample')}"
        pictures, problems = read_pictures(search.folder / "figures", of)
        shown.append((search, pictures, [*search.problems, *problems]))
    return shown
