"""Reported beside reproduced."""

from collections.abc import Iterable, Sequence

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from keras_suite.metrics.direction import direction
from keras_suite.runs.entry import Entry, read_entries

MANY = 4
"""Models beside each other that are more than this must be narrow."""


def compare(
    measured: Sequence[tuple[dict, dict[str, float]]],
    reported: Sequence[tuple[dict, dict[str, float]]],
) -> list[dict]:
    """Put measured figures beside the reported ones.

    Args:
        measured: what the figures are of and the figures by metric; the same "what" several times
            means repeats. A "what" has ``model`` and, where they say something, ``protocol``,
            ``decision``, ``split`` and ``group``, as :class:`keras_suite.runs.entry.Entry` explains
            them; the order of its keys does not matter, and an empty one is as good as none.
        reported: the same of the source, as far as it gives any figures.

    Returns:
        One entry a metric as ``metrics.json`` holds it: the "what", metric, direction ("max",
        "min" or None), reported (or None), reproduced (the mean), and, with several repeats, std
        (of the sample) and the values, unless these are one and the same whole number.
    """
    repeats: dict[frozenset, tuple[dict, dict[str, list[float]]]] = {}
    for what, figures in measured:
        said = {key: value for key, value in what.items() if value}
        _, by_metric = repeats.setdefault(frozenset(said.items()), (said, {}))
        for metric, value in figures.items():
            by_metric.setdefault(metric, []).append(value)
    sources = {
        frozenset((key, value) for key, value in what.items() if value): figures
        for what, figures in reported
    }
    return [
        what
        | {"metric": metric, "direction": direction(metric)}
        | {"reported": sources.get(key, {}).get(metric)}
        | _summary(values)
        for key, (what, by_metric) in repeats.items()
        for metric, values in by_metric.items()
    ]


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
    in brackets beside the reproduced one, a standard deviation below.

    Args:
        results: of :func:`compare`.
        split: the part of the rows, "" for figures of no part.
        title: above the table.
        group: the kind of figures, "" for the ordinary ones.
    """
    entries = [
        entry
        for entry in read_entries(list(results))[0]
        if (entry.split, entry.group) == (split, group)
    ]
    by_model: dict[tuple[str, ...], dict[str, Entry]] = {}
    for entry in entries:
        by_model.setdefault(entry.names, {})[entry.metric] = entry
    metrics = list(dict.fromkeys(entry.metric for entry in entries))
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    if any(entry.reported is not None for entry in entries):
        table.caption, table.caption_justify = "in brackets: as reported", "left"
    table.add_column(", ".join(filter(None, (split, group))), no_wrap=True)
    many = len(by_model) > MANY
    if many and len(metrics) < len(by_model):
        for metric in metrics:
            table.add_column(metric.replace("_", "\n"), justify="right")
        for names, figures in by_model.items():
            table.add_row(", ".join(names), *(_cell(figures.get(metric)) for metric in metrics))
        return table
    for names in by_model:
        head = "\n".join(names)
        table.add_column(head.replace("-", "-\n") if many else head, justify="right")
    for metric in metrics:
        table.add_row(metric, *(_cell(figures.get(metric)) for figures in by_model.values()))
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
