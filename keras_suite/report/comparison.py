"""Two runs side by side."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from keras_suite.errors import InputError, printable
from keras_suite.runs.entry import SIGNS, Entry, reading_order
from keras_suite.runs.numbers import difference, plain
from keras_suite.runs.read import RunFolder, read_run, run_meant
from keras_suite.runs.results import titled_table

Change = tuple[str, str, str]
"""A setting that two runs do not share: its name, the first's and the second's."""


@dataclass(frozen=True)
class Pair:
    """The same figure of two runs, None where one lacks it."""

    first: Entry | None
    second: Entry | None

    @property
    def entry(self) -> Entry:
        """What both are of."""
        return next(filter(None, (self.first, self.second)))

    @property
    def difference(self) -> float | None:
        """Second minus first."""
        one, other = self.first, self.second
        return other.reproduced - one.reproduced if one and other else None

    @property
    def difference_text(self) -> str:
        """The difference for a person, or ""."""
        apart = self.difference
        return "" if apart is None else difference(apart, self.entry.decimals)

    @property
    def verdict(self) -> str:
        """Whether the second is "better" or "worse" by more than the seeds' spread, or "".

        It is "" where one of them has a single seed.
        """
        spreads = [each.std for each in (self.first, self.second) if each and each.std is not None]
        if len(spreads) < 2:
            return ""
        gain, spread = (
            (self.difference or 0) * SIGNS.get(self.entry.direction or "", 0),
            max(spreads),
        )
        return "better" if gain > spread else "worse" if gain < -spread else ""


@dataclass(frozen=True)
class Comparison:
    """Two runs."""

    first: RunFolder
    second: RunFolder
    changes: dict[str, list[Change]]
    """What differs in their "Settings" (Configs) and "Circumstances" (data, versions, time)."""
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
    """Compare two runs, or experiments' latest ones; raise InputError where one cannot be read.

    The second may be a folder of experiments, such as reference/, which means the first's there.
    """
    one = _read(first)
    other = _read(second if run_meant(second) else second / one.name)
    by_key, by_other = ({entry.key: entry for entry in run.entries} for run in (one, other))
    pairs = [Pair(by_key.get(key), by_other.get(key)) for key in by_key | by_other]
    tables = [pair.entry.table for pair in pairs]
    pairs.sort(key=lambda pair: (reading_order(pair.entry), tables.index(pair.entry.table)))
    around = changes(_circumstances(one), _circumstances(other))
    differ = {"Settings": changes(one.config, other.config), "Circumstances": around}
    return Comparison(one, other, differ, pairs)


def changes(first: dict, second: dict) -> list[Change]:
    """List what differs between two Configs; a field that one lacks is "–" there."""
    names = first | second
    both = [[plain(of[name]) if name in of else "–" for name in names] for of in (first, second)]
    return [
        (name, *values) for name, *values in zip(names, *both, strict=True) if len({*values}) == 2
    ]


def show(comparison: Comparison, console: Console) -> None:
    """Print a comparison."""
    for name in ("first", "second"):
        folder = getattr(comparison, name).folder
        console.print(_text(f"{name:6}  {folder}"), soft_wrap=True)
    if comparison.notice:
        console.print(Text(comparison.notice, style="bold yellow"))
    for title, rows in comparison.changes.items():
        table = titled_table(title, "", "first", "second")
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
    names = "first", "second", "difference"
    heads = [Column(head, justify="right", no_wrap=True) for head in names]
    table = titled_table(
        _text(name), Column("of", overflow="fold"), "metric", *heads, Column(no_wrap=True)
    )
    before = None
    for pair in pairs:
        both = (f"{e.text} {e.std_text}".strip() if e else "–" for e in (pair.first, pair.second))
        of = "" if pair.entry.of == before else pair.entry.of
        cells = of, pair.entry.metric, *both, pair.difference_text
        table.add_row(*map(_text, cells), pair.verdict)
        before = pair.entry.of
    return table


def _text(found: str) -> Text:
    return Text(printable(found))
