"""Two runs side by side, in the terminal."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from keras_suite.report.comparison import Comparison, Pair
from keras_suite.report.entries import Entry
from keras_suite.report.numbers import difference, figure, printable, spread


def show(comparison: Comparison, console: Console) -> None:
    """Print a comparison."""
    for name, run in (("first", comparison.first), ("second", comparison.second)):
        console.print(_text(f"{name:6}  {run.folder}"), soft_wrap=True)
    if comparison.notice:
        console.print(Text(comparison.notice, style="bold yellow"))
    for title, rows in (
        ("Settings", comparison.settings),
        ("Circumstances", comparison.circumstances),
    ):
        if not rows:
            console.print(f"{title}: the same.")
            continue
        table = _table(title, "", "first", "second")
        for row in rows:
            table.add_row(*map(_text, (row.name, row.first, row.second)))
        console.print(table)
    for split in dict.fromkeys(pair.entry.split for pair in comparison.pairs):
        console.print(
            _figures(split, [each for each in comparison.pairs if each.entry.split == split])
        )


def _figures(split: str, pairs: list[Pair]) -> Table:
    table = _table(split, "of", "metric")
    table.columns[0].overflow = "fold"
    for name in ("first", "second", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    before = None
    for pair in pairs:
        of, gap = pair.entry.of, pair.difference
        cells = "" if of == before else of, pair.entry.metric, _cell(pair.first), _cell(pair.second)
        gap = "" if gap is None else difference(gap, pair.entry.is_mean_of_counts)
        table.add_row(*map(_text, cells), gap, pair.verdict)
        before = of
    return table


def _table(title: str, *columns: str) -> Table:
    shown = {"title": _text(title), "title_justify": "left", "title_style": "bold"}
    return Table(*columns, **shown, box=SIMPLE_HEAD)


def _text(found: str) -> Text:
    return Text(printable(found))


def _cell(entry: Entry | None) -> str:
    if entry is None:
        return "–"
    of_counts = entry.is_mean_of_counts
    text = figure(entry.reproduced, of_counts)
    return (
        text if entry.std is None else f"{text} ±{spread(entry.std, entry.reproduced, of_counts)}"
    )
