"""Two runs side by side."""

from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from keras_suite.errors import InputError
from keras_suite.runs.entry import SIGNS, Entry, reading_order
from keras_suite.runs.numbers import difference, plain, printable
from keras_suite.runs.read import RunFolder, read_run, run_meant

Change = tuple[str, str, str]
"""A setting that two runs do not share: its name, the first's and the second's."""


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
    def difference_text(self) -> str:
        """The difference for a person, or ""."""
        known = self.difference is not None
        return difference(self.difference, self.entry.decimals) if known else ""

    @property
    def verdict(self) -> str:
        """Whether the second is "better" or "worse" by more than the seeds' spread, or ""."""
        gain = (self.difference or 0) * SIGNS.get(self.entry.direction, 0)
        spread = max(each.std or 0 for each in (self.first, self.second) if each)
        return "better" if gain > spread else "worse" if gain < -spread else ""


@dataclass(frozen=True)
class Comparison:
    """Two runs.

    Args:
        first: a run.
        second: another.
        changes: what differs in their settings (their Configs) and in their circumstances: data,
            versions, time.
        pairs: all figures of both.
    """

    first: RunFolder
    second: RunFolder
    changes: dict[str, list[Change]]
    pairs: list[Pair]

    @property
    def notice(self) -> str:
        """What keeps the figures from being comparable, or ""."""
        kinds = {self.first.data_kind, self.second.data_kind}
        if self.first.name != self.second.name:
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
    one, other = _read(first), _read(second)
    figures = [{entry.key: entry for entry in run.entries} for run in (one, other)]
    keys = dict.fromkeys([*figures[0], *figures[1]])
    pairs = [Pair(figures[0].get(key), figures[1].get(key)) for key in keys]
    tables = [pair.entry.table for pair in pairs]
    pairs.sort(key=lambda pair: (reading_order(pair.entry), tables.index(pair.entry.table)))
    around = changes(_circumstances(one), _circumstances(other))
    differ = {"Settings": changes(one.config, other.config), "Circumstances": around}
    return Comparison(one, other, differ, pairs)


def changes(first: dict, second: dict) -> list[Change]:
    """List what differs between two Configs; a field that one lacks is "–" there."""
    both = {
        str(name): tuple(plain(each[name]) if name in each else "–" for each in (first, second))
        for name in [*first, *second]
    }
    return [(name, *values) for name, values in both.items() if values[0] != values[1]]


def show(comparison: Comparison, console: Console) -> None:
    """Print a comparison."""
    for name, run in (("first", comparison.first), ("second", comparison.second)):
        console.print(_text(f"{name:6}  {run.folder}"), soft_wrap=True)
    if comparison.notice:
        console.print(Text(comparison.notice, style="bold yellow"))
    for title, rows in comparison.changes.items():
        table = _table(title, "", "first", "second")
        for row in rows:
            table.add_row(*map(_text, row))
        console.print(table if rows else f"{title}: the same.")
    for name in dict.fromkeys(pair.entry.table for pair in comparison.pairs):
        console.print(_figures(name, [p for p in comparison.pairs if p.entry.table == name]))


def _read(path: Path) -> RunFolder:
    run = read_run(run_meant(path) or path)
    if run.status == "broken":
        raise InputError(
            f"{path} is no run that can be compared ({run.problems[0]}): give a run's folder, "
            "as runs/NAME/20260101-120000-0a1b2c3d, or runs/NAME for the latest."
        )
    return run


def _circumstances(run: RunFolder) -> dict:
    data = {f"data {name}": value for name, value in run.metrics["data"].items()}
    counts = {f"{name} parameters": n for name, n in run.metrics["parameters"].items()}
    known = {"preset": run.metrics["preset"], "status": run.status, "seconds": run.total_seconds}
    return known | data | counts | run.metrics["environment"]


def _figures(name: str, pairs: list[Pair]) -> Table:
    table = _table(name, "of", "metric")
    table.columns[0].overflow = "fold"
    for head in ("first", "second", "difference"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    before = None
    for pair in pairs:
        entry, both = pair.entry, (pair.first, pair.second)
        both = (f"{each.text} {each.std_text}".strip() if each else "–" for each in both)
        cells = "" if entry.of == before else entry.of, entry.metric, *both, pair.difference_text
        table.add_row(*map(_text, cells), pair.verdict)
        before = entry.of
    return table


def _table(title: str, *columns: str) -> Table:
    shown = {"title": _text(title), "title_justify": "left", "title_style": "bold"}
    return Table(*columns, **shown, box=SIMPLE_HEAD)


def _text(found: str) -> Text:
    return Text(printable(found))
