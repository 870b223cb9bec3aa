"""Two runs side by side."""

from dataclasses import dataclass
from pathlib import Path

from keras_suite.errors import InputError
from keras_suite.report.entries import Entry, direction, in_reading_order
from keras_suite.report.numbers import plain
from keras_suite.report.records import RunRecord, read_run


@dataclass(frozen=True)
class Change:
    """A setting that two runs do not share."""

    name: str
    first: str
    second: str


@dataclass(frozen=True)
class Pair:
    """The same figure of two runs; where one lacks it, that is None."""

    first: Entry | None
    second: Entry | None

    @property
    def entry(self) -> Entry:
        """What both are of."""
        return self.first or self.second

    @property
    def difference(self) -> float | None:
        """Second minus first."""
        if self.first is None or self.second is None:
            return None
        return self.second.reproduced - self.first.reproduced

    @property
    def verdict(self) -> str:
        """Whether the second is "better" or "worse" by more than the seeds' spread, or ""."""
        gain = (self.difference or 0) * direction(self.entry.metric)
        spread = max(each.std or 0 for each in (self.first, self.second) if each)
        return "better" if gain > spread else "worse" if gain < -spread else ""


@dataclass(frozen=True)
class Comparison:
    """Two runs.

    Args:
        first: a run.
        second: another.
        settings: what differs in their Configs.
        circumstances: what differs besides: data, versions, time.
        pairs: all figures of both.
    """

    first: RunRecord
    second: RunRecord
    settings: list[Change]
    circumstances: list[Change]
    pairs: list[Pair]

    @property
    def notice(self) -> str:
        """What keeps the figures from being comparable, or ""."""
        kinds = {self.first.data_kind, self.second.data_kind}
        if self.first.experiment != self.second.experiment:
            return "These are runs of different experiments."
        if len(kinds) > 1:
            return "One run is on real rows, the other is not: do not compare their figures."
        return "Both runs are on SAMPLE ROWS." if kinds == {"sample"} else ""


def compare(first: Path, second: Path) -> Comparison:
    """Compare two runs.

    Args:
        first: a run's folder, or an experiment's, which means its latest run.
        second: likewise.

    Raises:
        InputError: where one of them is neither, or is broken.
    """
    one, other = find_run(first), find_run(second)
    figures = [{entry.key: entry for entry in run.entries} for run in (one, other)]
    keys = dict.fromkeys([*figures[0], *figures[1]])
    pairs = [
        Pair(figures[0].get(key), figures[1].get(key))
        for split in in_reading_order(key[0] for key in keys)
        for key in keys
        if key[0] == split
    ]
    around = _circumstances(one), _circumstances(other)
    return Comparison(one, other, changes(one.config, other.config), changes(*around), pairs)


def find_run(folder: Path) -> RunRecord:
    """Read a run that a person names.

    Raises:
        InputError: where it is none or is broken.
    """
    found = folder
    if not (folder / "metrics.json").exists() and (folder / "latest").is_dir():
        found = folder / "latest"
    record = read_run(found.resolve())
    if record.status == "broken":
        raise InputError(
            f"{folder} is no run that can be compared ({record.problems[0]}): give a run's folder, "
            "as runs/NAME/20260101-120000-0a1b2c3d, or runs/NAME for the latest."
        )
    return record


def changes(first: dict, second: dict) -> list[Change]:
    """List what differs between two Configs; a field that one lacks is "–" there."""
    return [
        Change(str(name), _setting(first, name), _setting(second, name))
        for name in dict.fromkeys([*first, *second])
        if _setting(first, name) != _setting(second, name)
    ]


def _setting(config: dict, name: str) -> str:
    return plain(config[name]) if name in config else "–"


def _circumstances(run: RunRecord) -> dict:
    data = {f"data {name}": value for name, value in run.metrics["data"].items()}
    counts = {f"{name} parameters": n for name, n in run.metrics["parameters"].items()}
    known = {"preset": run.metrics["preset"], "status": run.status, "seconds": run.total_seconds}
    return known | data | counts | run.metrics["environment"]
