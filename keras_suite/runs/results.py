"""Reported beside reproduced."""

from collections.abc import Iterable, Sequence

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Column, Table
from rich.text import Text

from keras_suite.metrics.direction import direction
from keras_suite.runs.entry import Entry, read_entries


def compare(
    measured: Sequence[tuple[dict, dict[str, float]]],
    reported: Sequence[tuple[dict, dict[str, float]]],
) -> list[dict]:
    """Put measured figures beside the reported ones.

    Both are pairs of what the figures are of and the figures by metric; the same "what" several
    times means repeats. A "what" has ``model`` and, where they say something, ``protocol``,
    ``decision``, ``split`` and ``group`` of :class:`keras_suite.runs.entry.Entry`; the order of its
    keys does not matter, and an empty one is as good as none.

    Returns one entry a metric as ``metrics.json`` holds it: the "what", metric, direction ("max",
    "min" or None), reported (or None), reproduced (the mean), and, with several repeats, std (of
    the sample) and the values, unless these are one and the same whole number.
    """
    repeats: dict[frozenset, tuple[dict, dict[str, list[float]]]] = {}
    for what, figures in measured:
        said = _said(what)
        _, by_metric = repeats.setdefault(frozenset(said.items()), (said, {}))
        for metric, value in figures.items():
            by_metric.setdefault(metric, []).append(value)
    sources = {frozenset(_said(what).items()): figures for what, figures in reported}
    return [
        what
        | {"metric": metric, "direction": direction(metric)}
        | {"reported": sources.get(key, {}).get(metric)}
        | _summary(values)
        for key, (what, by_metric) in repeats.items()
        for metric, values in by_metric.items()
    ]


def titled_table(title: str | Text, *columns: Column | str) -> Table:
    """Return an empty table as all ours look."""
    names = [Column(Text(each)) if isinstance(each, str) else each for each in columns]
    title = Text(title, style="bold") if isinstance(title, str) and title else title
    return Table(*names, title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)


def _said(what: dict) -> dict:
    return {key: value for key, value in what.items() if value}


def _summary(values: list[float]) -> dict:
    if len(values) == 1 or (isinstance(values[0], int) and len(set(values)) == 1):
        return {"reproduced": values[0]}  # such as a count of parameters
    mean, std = float(np.mean(values)), float(np.std(values, ddof=1))
    return {"reproduced": mean, "std": std, "values": values}


def results_table(
    results: Iterable[dict], split: str = "", title: str = "", group: str = ""
) -> Table:
    """Lay out the results of one split and group: a row per metric, a column per model.

    Where there are many models and few metrics, it is the other way round. A reported figure stands
    in brackets beside the reproduced one, a standard deviation below. The results are those of
    :func:`compare`; split and group are "" where an entry has none.
    """
    found, _ = read_entries(list(results))
    entries = [entry for entry in found if (entry.split, entry.group) == (split, group)]
    by_model: dict[tuple[str, ...], dict[str, Entry]] = {}
    for entry in entries:
        by_model.setdefault(entry.names, {})[entry.metric] = entry
    metrics = list(dict.fromkeys(entry.metric for entry in entries))
    table = titled_table(title)
    if any(entry.reported is not None for entry in entries):
        table.caption, table.caption_justify = "in brackets: as reported", "left"
    table.add_column(", ".join(filter(None, (split, group))), no_wrap=True)
    many = len(by_model) > 4  # which must be narrow beside each other
    if many and len(metrics) < len(by_model):
        heads = [metric.replace("_", "\n") for metric in metrics]
        rows = [(", ".join(names), map(by.get, metrics)) for names, by in by_model.items()]
    else:
        heads = ["\n".join(names).replace("-", "-\n" if many else "-") for names in by_model]
        rows = [(metric, [by.get(metric) for by in by_model.values()]) for metric in metrics]
    for head in heads:
        table.add_column(Text(head), justify="right")
    for name, cells in rows:
        table.add_row(Text(name), *map(_cell, cells))
    return table


def _cell(entry: Entry | None) -> Text:
    if entry is None:
        return Text()
    cell = Text(entry.text)
    if entry.reported_text:
        cell.append(f" ({entry.reported_text})", style="cyan")
    if entry.std_text:
        cell.append(f"\n{entry.std_text}", style="dim")
    return cell
