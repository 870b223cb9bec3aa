"""One figure of a run, as its ``metrics.json`` holds it."""

import math
from dataclasses import dataclass, fields

from keras_suite.metrics.direction import direction
from keras_suite.runs.numbers import (
    as_reported,
    difference,
    figure,
    is_number,
    reported_decimals,
    usual_decimals,
)

SIGNS = {"max": 1, "min": -1}
NUMBERS = ("reproduced", "reported", "std")


@dataclass(frozen=True)
class Entry:
    """A figure of a run.

    Args:
        reproduced: the figure, or the mean of several repeats.
        protocol: how rows were prepared and split: "paper" (the report's way), "clean" (the sound
            way), "both" (the same under both); "" where an experiment compares none.
        decision: how outputs became predictions, where there are several ways.
        split: train, validation or test; "" for a figure of no part of the rows.
        group: figures with a table of their own, such as "cost" or "by class"; "" for the others.
        direction: "max" or "min", whichever is better, or None.
        reported: the figure that the source gives, or None.
        std: standard deviation (of the sample) of the repeats, or None.
        values: of each repeat; empty without repeats.
    """

    model: str
    metric: str
    reproduced: float
    protocol: str = ""
    decision: str = ""
    split: str = ""
    group: str = ""
    direction: str | None = None
    reported: float | None = None
    std: float | None = None
    values: tuple[float, ...] = ()

    @property
    def table(self) -> str:
        """The table it stands in, such as "test", "cost" or "test, by class"."""
        return ", ".join(filter(None, (self.split, self.group)))

    @property
    def names(self) -> tuple[str, ...]:
        """Whose figure it is: model and, where there are any, protocol and decision."""
        return tuple(filter(None, (self.model, self.protocol, self.decision)))

    @property
    def of(self) -> str:
        """The names in a line."""
        return ", ".join(self.names)

    @property
    def key(self) -> tuple[str, ...]:
        """What is measured."""
        return self.table, self.of, self.metric

    @property
    def deviation(self) -> float | None:
        """Reproduced minus reported, or None where nothing is reported."""
        return None if self.reported is None else self.reproduced - self.reported

    @property
    def verdict(self) -> str:
        """Whether it is "better", "worse" or, as far as is reported, the "same"; or "".

        It is "within the spread" of the seeds where it is no farther from what is reported than
        their standard deviation, or some are above and some below. A single seed proves neither.
        """
        if self.deviation is None or not self.direction or math.isnan(self.deviation):
            return ""
        if round(self.reproduced, reported_decimals(self.reported or 0)) == self.reported:
            return "same"
        if self.std is None or not self.values:
            return ""
        is_between = min(self.values) <= (self.reported or 0) <= max(self.values)
        if is_between or abs(self.deviation) <= self.std:
            return "within the spread"
        return "better" if self.deviation * SIGNS[self.direction] > 0 else "worse"

    @property
    def decimals(self) -> int:
        """How many the mean, its standard deviation and differences from it are given."""
        is_mean_of_counts = self.values and all(isinstance(value, int) for value in self.values)
        return 1 if is_mean_of_counts else usual_decimals(self.reproduced)

    @property
    def text(self) -> str:
        """The figure for a person."""
        return figure(self.reproduced, self.decimals)

    @property
    def std_text(self) -> str:
        """The standard deviation for a person, or ""."""
        return "" if self.std is None else f"±{figure(self.std, self.decimals)}"

    @property
    def reported_text(self) -> str:
        """The reported figure for a person, or ""."""
        return "" if self.reported is None else as_reported(self.reported)

    @property
    def deviation_text(self) -> str:
        """The deviation for a person, or ""."""
        return "" if self.deviation is None else difference(self.deviation, self.decimals)


def read_entries(results: list) -> tuple[list[Entry], list[str]]:
    """Check the results of a ``metrics.json``; the table of test figures comes first, then cost.

    Older runs name a split and a group by "split" alone, such as "cost" or "test, by class", and
    give no direction. Returns those that can be read, and a phrase about those that cannot.
    """
    entries = [entry for entry in map(_entry, results) if entry]
    unread = len(results) - len(entries)
    problems = [f"{unread} of {len(results)} results cannot be read"] if unread else []
    return sorted(entries, key=reading_order), problems


def reading_order(entry: Entry) -> int:
    """Return 0 for test figures, 1 for costs and 2 for all others, which stay as they come."""
    return {"test": 0, "cost": 1}.get(entry.table, 2)


def _entry(found: object) -> Entry | None:
    if not isinstance(found, dict):
        return None
    names = [each.name for each in fields(Entry) if found.get(each.name) is not None]
    given = {name: found[name] for name in names}
    if found.get("reproduced", ...) is None:
        given["reproduced"] = math.nan  # which JSON has no word for
    values = given.get("values", [])
    is_sound = (
        given.keys() >= {"model", "metric", "reproduced"}
        and all(isinstance(given[name], str) for name in given.keys() - {*NUMBERS, "values"})
        and isinstance(values, list)
        and all(map(is_number, [*values, *(given[name] for name in NUMBERS if name in given)]))
    )
    if not is_sound:
        return None
    known = found.get("direction", direction(given["metric"]))
    given |= {"values": tuple(values), "direction": known if known in SIGNS else None}
    return Entry(**given)
