"""What was reported beside what came out, and which claims hold, as a page of Markdown."""

import html
from collections.abc import Iterable, Sequence
from pathlib import Path

from keras_suite.errors import InputError, printable
from keras_suite.runs.numbers import counted, duration, figure
from keras_suite.runs.read import RunFolder, read_runs
from keras_suite.terminal import files

KINDS = {"sample": "SAMPLE DATA", "real": "Real data"}
HEAD = """# Reported and reproduced

Written by `{command}` from the finished runs in `{runs}`. A verdict on a figure takes several
seeds, and one on a claim at least three: it holds where the whole 95 % interval does.
"""


def write_table(runs: Path, page: Path, command: str) -> list[RunFolder]:
    """Write a page on all finished runs in a folder, the newest of an experiment first.

    Returns the runs that are on it; raises InputError where there are none, or it cannot be
    written.
    """
    found = [run for all_of in read_runs(runs).values() for run in all_of if run.status == "done"]
    if not found:
        raise InputError(f"{runs} holds no finished runs: give a folder that experiments write to.")
    if page.suffix != ".md" or page.is_dir():
        raise InputError(f"{page} is not the name of a page: give an .md file with -o.")
    head = HEAD.format(command=command, runs=runs.as_posix())
    files.make_folder(page.parent)
    try:
        files.write_text(page, "\n".join([head, *map(_section, found)]))
    except OSError as error:
        why = f"{page} cannot be written ({error.strerror})"
        raise InputError(f"{why}: choose another place with -o.") from error
    return found


def _section(run: RunFolder) -> str:
    data, weights = run.metrics["data"], filter(None, map(_name, run.metrics["weights"]))
    facts = [KINDS.get(run.data_kind, "data not recorded")]
    facts += [f"{figure(data['rows'])} rows of {data['source']}"] if data else []
    facts += [f"weights {name}" for name in weights]
    facts += [counted(run.seeds, "seed"), duration(run.total_seconds or 0)]
    parts = [f"## {_cell(run.name)}", f"`{printable(run.metrics['command']).replace('`', '')}`"]
    parts.append("; ".join(map(_cell, facts)) + ".")
    claims = [
        (each["name"], f"{each['source']}: {each['sentence']}", each["answer"], each["because"])
        for each in run.claims
    ]
    if claims:
        parts.append(_table(("claim", "report", "answer", "because"), claims))
    figures = [
        (e.of, e.table, e.metric, e.reported_text, f"{e.text} {e.std_text}".strip(), verdict)
        for e in run.entries
        if e.reported is not None
        for verdict in [e.verdict if run.data_kind == "real" else ""]
    ]
    if figures:
        heads = "model", "part", "metric", "reported", "reproduced", "verdict"
        parts.append(_table(heads, figures))
    return "\n\n".join(parts) + "\n"


def _name(weights: object) -> str:
    return str(weights.get("name", "")) if isinstance(weights, dict) else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *(map(_cell, row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Return a text that is neither markup nor the end of a cell."""
    return html.escape(printable(text), quote=False).translate({ord(c): f"\\{c}" for c in "|`*[]"})
