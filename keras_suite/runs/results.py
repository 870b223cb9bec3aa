"""Reported beside reproduced."""

from collections.abc import Iterable, Sequence

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

MANY = 4
"""Models beside each other that are more than this must be narrow."""


def compare(
    measured: Sequence[tuple[dict, dict[str, float]]],
    reported: Sequence[tuple[dict, dict[str, float]]],
) -> list[dict]:
    """Put measured figures beside the reported ones.

    Args:
        measured: what the figures are of (model, protocol, split, ...) and the figures by metric;
            the same "what" several times means repeats.
        reported: likewise, as far as the source gives any.

    Returns:
        One entry a metric as ``metrics.json`` holds it: the "what", metric, reported (or None),
        reproduced (the mean), and, with several repeats, std (of the sample) and the values,
        unless these are one and the same whole number.
    """
    repeats: dict[tuple, dict[str, list[float]]] = {}
    for what, figures in measured:
        by_metric = repeats.setdefault(tuple(what.items()), {})
        for metric, value in figures.items():
            by_metric.setdefault(metric, []).append(value)
    key = lambda what: frozenset((k, v) for k, v in what.items() if v)
    sources = {}
    for what, figures in reported:
        sources[key(what)] = sources.get(key(what), {}) | figures
    return [
        dict(what)
        | {"metric": metric, "reported": sources.get(key(dict(what)), {}).get(metric)}
        | _summary(values)
        for what, by_metric in repeats.items()
        for metric, values in by_metric.items()
    ]


def _summary(values: list[float]) -> dict:
    if len(values) == 1 or (isinstance(values[0], int) and len(set(values)) == 1):
        return {"reproduced": values[0]}  # such as a count of parameters
    mean, std = float(np.mean(values)), float(np.std(values, ddof=1))
    return {"reproduced": mean, "std": std, "values": values}


def results_table(results: Iterable[dict], split: str = "test", group: str = "", title: str = "") -> Table:
    """Lay out one split: a row per metric, a column per model, protocol and way to decide.

    Where there are many models and few metrics, it is the other way round. A reported figure stands
    in brackets beside the reproduced one, a standard deviation below.
    """
    groups: dict[tuple[str, ...], dict[str, dict]] = {}
    for entry in results:
        if entry.get("split") == split and (entry.get("group") or "") == group:
            key = (entry["model"], entry.get("protocol", ""), entry.get("decision", ""))
            groups.setdefault(key, {})[entry["metric"]] = entry
    metrics = list(dict.fromkeys(name for group in groups.values() for name in group))
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    if any(entry["reported"] is not None for group in groups.values() for entry in group.values()):
        table.caption, table.caption_justify = "in brackets: as reported", "left"
    table.add_column(split, no_wrap=True)
    many = len(groups) > MANY
    if many and len(metrics) < len(groups):
        for metric in metrics:
            table.add_column(metric.replace("_", "\n"), justify="right")
        for key, group in groups.items():
            name = ", ".join(part for part in key if part)
            table.add_row(name, *(_cell(group.get(metric)) for metric in metrics))
        return table
    for key in groups:
        head = "\n".join(part for part in key if part)
        table.add_column(head.replace("-", "-\n") if many else head, justify="right")
    for metric in metrics:
        table.add_row(metric, *(_cell(group.get(metric)) for group in groups.values()))
    return table


def _cell(entry: dict | None) -> Text:
    if entry is None:
        return Text()
    cell = Text(_figure(entry["reproduced"]))
    if entry["reported"] is not None:
        cell.append(f" ({_figure(entry['reported'])})", style="cyan")
    if "std" in entry:
        cell.append(f"\n±{_figure(entry['std'])}", style="dim")
    return cell


def _figure(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"
