"""All runs on one page, which can be sent by mail.

    python -m keras_suite.report runs/ -o report/           write report/index.html
    python -m keras_suite.report compare RUN RUN            two runs side by side
    python -m keras_suite.report compare RUN RUN -o A.html  and as a page

A RUN is a run's folder, or an experiment's, which means its latest run. Broken, killed and unknown
folders are listed with what is wrong with them.
"""

import sys
from pathlib import Path
from typing import Annotated

import tyro

from keras_suite.terminal.exit_code import exit_code

INTERRUPTED = "Interrupted; a page is written whole or not at all."
Output = tyro.conf.arg(aliases=("-o",), metavar="PATH")


def main() -> int:
    """Report or compare; return the exit code: 0 done, 2 bad input or flags, 130 interrupted."""
    compares = sys.argv[1:2] == ["compare"]
    said = {"description": __doc__, "args": sys.argv[1 + compares :]}
    said["prog"] = f"python -m keras_suite.report{' compare' * compares}"
    return exit_code(lambda: tyro.cli(compare if compares else report, **said), INTERRUPTED)


def report(
    runs: tyro.conf.Positional[Path] = Path("runs"),
    output: Annotated[Path, Output] = Path("report"),
) -> None:
    """Write the page and say what is on it.

    Args:
        runs: Folder of all runs.
        output: Folder that index.html goes to.
    """
    from keras_suite.report.page import write_report
    from keras_suite.runs.numbers import counted, printable

    page, sections = write_report(runs, output)
    found = [run for each in sections for run in each.runs]
    broken = [run for run in found if run.status == "broken"]
    for run in broken:
        print(printable(f"broken: {run.folder}: {run.problems[0]}"))
    counts = counted(len(sections), "experiment"), counted(len(found), "run")
    print(f"{page}: {', '.join(counts)}, {len(broken)} of them broken")


def compare(
    first: tyro.conf.Positional[Path],
    second: tyro.conf.Positional[Path],
    output: Annotated[Path | None, Output] = None,
) -> None:
    """Print the comparison, and write its page where one is asked for.

    Args:
        first: A run's folder, or an experiment's.
        second: Another.
        output: An HTML file to write besides.
    """
    from rich.console import Console

    from keras_suite.report import comparison, page

    found = comparison.compare(first, second)
    comparison.show(found, Console())
    if output:
        page.write_comparison(found, output)
        print(f"Page: {output}")


if __name__ == "__main__":
    sys.exit(main())
