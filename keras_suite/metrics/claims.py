"""What a source claims in words, and the one rule by which a claim holds.

A figure that was measured with several seeds has a mean, and that a 95 % confidence interval
(Student's t). That it lies within bounds holds where the whole interval does, does not hold where
no part of the interval does, and is undecided else; with fewer than three seeds it is undecided,
too. Two models are compared by the difference of each seed where they share its rows, and else by
Welch's interval of the difference of their means.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Any, Literal

from etils import epy

with epy.lazy_imports():
    from scipy import stats

Answer = Literal["holds", "does not hold", "undecided", "not testable here"]
WORST_FIRST: tuple[Answer, ...] = "does not hold", "not testable here", "undecided", "holds"
SEEDS, CONFIDENCE = 3, 0.95


@dataclass(frozen=True)
class Verdict:
    """What came of a claim, and why, in a few words."""

    answer: Answer
    because: str


@dataclass(frozen=True)
class Repeated:
    """A figure measured with several seeds, or the difference of two.

    Args:
        metric: its name, or of two.
        of: whose it is, for a person.
        values: of each seed; none where it was not measured.
        others: of another model, whose mean is to be taken off, where seeds are no pairs.
    """

    metric: str
    of: str
    values: tuple[float, ...]
    others: tuple[float, ...] | None = None

    def minus(self, other: "Repeated", paired: bool = True) -> "Repeated":
        """Return the difference from another figure; ``paired`` where seeds share their rows."""
        if not paired:
            return self._with(other, "minus", self.values, other.values)
        return self._with(other, "minus", [a - b for a, b in self._pairs(other)])

    def over(self, other: "Repeated") -> "Repeated":
        """Return the ratio to another figure, seed by seed."""
        return self._with(other, "over", [a / b for a, b in self._pairs(other)])

    def _pairs(self, other: "Repeated") -> list[tuple[float, float]]:
        both_there = self.values and other.values
        return list(zip(self.values, other.values, strict=True)) if both_there else []

    def _with(self, other: "Repeated", word: str, values: Sequence[float], others=None):
        for each in (self, other):
            if not each.values:
                return each
        metric = f" {word} ".join(dict.fromkeys((self.metric, other.metric)))
        of = f" {word} ".join(dict.fromkeys((self.of, other.of)))
        return Repeated(metric, of, tuple(values), others)

    def interval(self) -> tuple[float, float]:
        """Return the ends of the mean's confidence interval; a single value is both."""
        samples = [self.values] if self.others is None else [self.values, self.others]
        mean = fmean(self.values) - (0 if self.others is None else fmean(self.others))
        errors = [variance(each) / len(each) if len(each) > 1 else 0 for each in samples]
        if not sum(errors):
            return mean, mean
        freedom = sum(errors) ** 2 / sum(
            error**2 / (len(each) - 1) for error, each in zip(errors, samples, strict=True) if error
        )  # Welch-Satterthwaite; n - 1 for a single sample
        half = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * math.sqrt(sum(errors))
        return mean - half, mean + half

    def lies(
        self, at_least: float = -math.inf, at_most: float = math.inf, seeds: int = SEEDS
    ) -> Verdict:
        """Say whether it lies within bounds, by so many seeds; 1 where nothing is random."""
        if not all(map(math.isfinite, (*self.values, *(self.others or ())))):
            return Verdict("undecided", f"{self.metric} of {self.of} is not finite in every seed")
        if not self.values:
            because = f"{self.metric} of {self.of} is not measured in this run"
            return Verdict("not testable here", because)
        low, high = self.interval()
        counted = len(self.values)
        bounds = [f"at least {at_least:g}"] * (at_least > -math.inf)
        bounds += [f"at most {at_most:g}"] * (at_most < math.inf)
        spread = f"{low:.4g} to {high:.4g} by {counted} seeds" if counted > 1 else f"{low:.4g}"
        because = f"{self.metric} of {self.of}: {spread}, claimed {' and '.join(bounds)}"
        if min(counted, len(self.others or self.values)) < seeds:
            return Verdict("undecided", f"{because}; it takes {seeds} seeds")
        if at_least <= low and high <= at_most:
            return Verdict("holds", because)
        if high < at_least or low > at_most:
            return Verdict("does not hold", because)
        return Verdict("undecided", because)


def both(*verdicts: Verdict) -> Verdict:
    """Join verdicts on the parts of a claim: it holds where all do, and fails with the first."""
    answer = min(verdicts, key=lambda each: WORST_FIRST.index(each.answer)).answer
    return Verdict(answer, "; ".join(each.because for each in verdicts if each.answer == answer))


@dataclass(frozen=True)
class Claim:
    """A claim of a source.

    Args:
        name: its number, such as C1.
        source: whose it is, such as report A.
        sentence: what is claimed, in our words.
        judge: gives the verdict, from a function of a metric and what the figure is of, keys as in
            ``REPORTED``: ``of("f1", model="LoRA")`` is test figures, a :class:`Repeated`.
            ``of.config`` are the run's settings.
    """

    name: str
    source: str
    sentence: str
    judge: Callable[[Any], Verdict]
