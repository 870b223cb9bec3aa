"""Results of a run, checked, and what they say beside the reported ones."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from keras_suite.report.numbers import decimals, is_number

UP = {"accuracy", "precision", "recall", "f1", "auc", "match", "spearman", "pearson"}
DOWN = {"loss", "error", "seconds", "memory"}
FIRST = ("test", "cost")
"""The splits to read first."""
DIRECTIONLESS = {"zero_loss", "zero_loss_of_all"}
"""Shares of triplets, which are neither good nor bad."""


@dataclass(frozen=True)
class Entry:
    """One result as ``metrics.json`` holds it; see :func:`keras_suite.runs.results.compare`."""

    model: str
    protocol: str
    decision: str
    split: str
    metric: str
    reported: float | None
    reproduced: float
    std: float | None
    values: tuple[float, ...]

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What is measured."""
        return self.split, self.model, self.protocol, self.decision, self.metric

    @property
    def of(self) -> str:
        """Whose figure it is: model, protocol and way to decide."""
        return ", ".join(part for part in (self.model, self.protocol, self.decision) if part)

    @property
    def is_mean_of_counts(self) -> bool:
        """Whether every seed gave a whole number."""
        return bool(self.values) and all(isinstance(value, int) for value in self.values)

    @property
    def deviation(self) -> float | None:
        """Reproduced minus reported, or None where nothing is reported."""
        return None if self.reported is None else self.reproduced - self.reported

    @property
    def verdict(self) -> str:
        """Whether it is "better" or "worse" than reported, or the "same" as far as is reported.

        Empty where nothing is reported or the metric has no direction.
        """
        up = direction(self.metric)
        if self.deviation is None or not up or math.isnan(self.deviation):
            return ""
        if round(self.reproduced, decimals(self.reported)) == self.reported:
            return "same"
        return "better" if self.deviation * up > 0 else "worse"


def direction(metric: str) -> int:
    """Return 1 where more is better, -1 where less is, 0 where neither can be said.

    Counts have none: they depend on the number of rows.
    """
    words = set(re.split(r"[_\W]+", metric))
    if metric in DIRECTIONLESS:
        return 0
    return 1 if words & UP else -1 if words & DOWN else 0


def in_reading_order(splits: Iterable[str]) -> list[str]:
    """Sort splits: those to read first, then the others as they come."""
    there = list(dict.fromkeys(splits))
    return [each for each in FIRST if each in there] + [each for each in there if each not in FIRST]


def read_entries(results: list) -> tuple[list[Entry], list[str]]:
    """Check results from a file.

    Returns:
        Those that can be read, and a sentence about those that cannot.
    """
    entries = [entry for each in results if (entry := _entry(each))]
    unread = len(results) - len(entries)
    return entries, [f"{unread} of {len(results)} results cannot be read"] if unread else []


def _entry(found: object) -> Entry | None:
    if not isinstance(found, dict):
        return None
    names = [found.get(key) for key in ("model", "protocol", "split", "metric")]
    numbers = found.get("reproduced"), found.get("reported"), found.get("std")
    values, decision = found.get("values", []), found.get("decision", "")
    sound = (
        all(isinstance(name, str) for name in [*names, decision])
        and is_number(numbers[0])
        and all(number is None or is_number(number) for number in numbers[1:])
        and isinstance(values, list)
        and all(is_number(value) for value in values)
    )
    if not sound:
        return None
    model, protocol, split, metric = names
    reproduced, reported, std = numbers
    if values and isinstance(values[0], int) and len(set(values)) == 1:
        reproduced, std, values = values[0], None, []  # a count that no seed changes
    return Entry(model, protocol, decision, split, metric, reported, reproduced, std, tuple(values))


HEADLINES = ("f1", "accuracy", "exact_match", "recall_at_1", "balanced_accuracy", "loss")
"""What stands for a run, the first that there is."""


def headline(entries: list[Entry], exported: str) -> Entry | None:
    """Choose the figure that stands for a run.

    A test figure that has a reported one beside it, else a validation figure that has, else any
    test figure; of these the exported model's, and of these the first of :data:`HEADLINES`.
    """

    def rank(entry: Entry) -> tuple:
        compared = entry.reported is not None
        place = {("test", True): 0, ("validation", True): 1, ("test", False): 2}
        mine = exported in (entry.model, entry.of, f"{entry.model} ({entry.protocol})")
        known = entry.metric in HEADLINES
        metric = HEADLINES.index(entry.metric) if known else len(HEADLINES)
        return place.get((entry.split, compared), 3), not mine, metric

    return min(entries, key=rank, default=None)
