"""All runs on one page, which can be sent by mail.

    python -m keras_suite.report runs/ -o report/           write report/index.html
    python -m keras_suite.report compare RUN RUN            two runs side by side
    python -m keras_suite.report compare RUN RUN -o A.html  and as a page

A RUN is a run's folder, or an experiment's, which means its latest run. Broken, killed and unknown
folders are listed with what is wrong with them.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from keras_suite.cli import exit_code

INTERRUPTED = "Interrupted; a page is written whole or not at all."


@dataclass(frozen=True)
class Report:
    """What to report."""

    runs: tyro.conf.Positional[Path] = Path("runs")
    """Folder of all runs."""
    output: Annotated[Path, tyro.conf.arg(aliases=("-o",))] = Path("report")
    """Folder that index.html goes to."""


@dataclass(frozen=True)
class Compare:
    """What to compare."""

    first: tyro.conf.Positional[Path]
    """A run's folder, or an experiment's."""
    second: tyro.conf.Positional[Path]
    """Another."""
    output: Annotated[Path | None, tyro.conf.arg(aliases=("-o",), metavar="PATH")] = None
    """An HTML file to write besides."""


def main() -> int:
    """Report or compare; return the exit code: 0 done, 2 bad input or flags, 130 interrupted."""
    if sys.argv[1:2] == ["compare"]:
        return exit_code(lambda: compare(_parse(Compare, sys.argv[2:], " compare")), INTERRUPTED)
    return exit_code(lambda: report(_parse(Report, sys.argv[1:])), INTERRUPTED)


def _parse(options: type, arguments: list[str], command: str = ""):
    prog = f"python -m keras_suite.report{command}"
    return tyro.cli(options, prog=prog, description=__doc__, args=arguments)


def report(options: Report) -> None:
    """Write the page and say what is on it."""
    from keras_suite.report.numbers import counted, printable
    from keras_suite.report.page import write_report

    page, sections = write_report(options.runs, options.output)
    records = [
        record
        for each in sections
        for record in [each.shown, *(other.record for other in each.others)]
        if record is not None
    ]
    broken = [record for record in records if record.status == "broken"]
    for record in broken:
        print(printable(f"broken: {record.folder}: {record.problems[0]}"))
    found = f"{counted(len(sections), 'experiment')}, {counted(len(records), 'run')}"
    print(f"{page}: {found}, {len(broken)} of them broken")


def compare(options: Compare) -> None:
    """Print the comparison, and write its page where one is asked for."""
    from rich.console import Console

    from keras_suite.report import comparison, page
    from keras_suite.report.comparison_tables import show

    found = comparison.compare(options.first, options.second)
    show(found, Console())
    if options.output:
        page.write_comparison(found, options.output)
        print(f"Page: {options.output}")


if __name__ == "__main__":
    sys.exit(main())
