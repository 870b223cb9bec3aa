"""What a source claims in words, put to the results of a run."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from etils import epy

from keras_suite.metrics.claims import Claim, Repeated
from keras_suite.runs.entry import read_entries

with epy.lazy_imports():
    from rich import table, text

    from keras_suite.runs import results as run_results


@dataclass(frozen=True)
class Results:
    """The results of a run, and its settings.

    Called with a metric and what the figure is of (keys as in :func:`runs.results.compare`, the
    split being test where neither split nor group is given), it gives the figure of all seeds.
    """

    config: dict[str, Any]
    entries: list

    def __call__(self, metric: str, **what: str) -> Repeated:
        """Return a figure; its values are () where the run has none."""
        asked = {"model": "", "protocol": "", "decision": "", "group": ""} | what
        asked.setdefault("split", "" if asked["group"] else "test")
        for entry in self.entries:
            if entry.metric == metric and all(getattr(entry, k) == v for k, v in asked.items()):
                return Repeated(metric, f"‘{entry.of}’", entry.values or (entry.reproduced,))
        return Repeated(metric, f"‘{asked['model']}’", ())


def judged(claims: Sequence[Claim], results: list[dict], config: dict) -> list[dict[str, str]]:
    """Judge claims by results; return each, but for ``judge``, with ``answer`` and ``because``."""
    found = Results(config, read_entries(results)[0])
    verdicts = ((claim, claim.judge(found)) for claim in claims)
    return [
        {"name": claim.name, "source": claim.source, "sentence": claim.sentence} | asdict(verdict)
        for claim, verdict in verdicts
    ]


def unless_sample(judged: Sequence[dict[str, str]], is_sample: bool) -> list[dict[str, str]]:
    """Take back all answers where sample rows stand in for those that the claims are of."""
    none = {"answer": "not testable here", "because": "sample rows stand in for what it is about"}
    return [each | none if is_sample else each for each in judged]


def sound_claims(found: Any) -> list[dict[str, str]]:
    """Return what can be read as :func:`judged` wrote it."""
    names = "name", "source", "sentence", "answer", "because"
    dicts = (each for each in found if isinstance(each, dict))
    return [each for each in dicts if all(isinstance(each.get(name), str) for name in names)]


def claims_table(claims: Sequence[dict], title: str = "") -> "table.Table":
    """Lay out what :func:`judged` returned."""
    sentence = table.Column("report", overflow="fold")
    laid_out = run_results.titled_table(title, "claim", sentence, "answer", "because")
    for each in claims:
        source = f"{each['source']}: {each['sentence']}"
        cells = each["name"], source, each["answer"], each["because"]
        laid_out.add_row(*map(text.Text, cells))
    return laid_out
