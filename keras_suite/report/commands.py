"""All runs on one page, and two runs side by side."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from etils import epy
from rich.console import Console

from keras_suite.config import shown
from keras_suite.errors import printable
from keras_suite.runs.numbers import counted

with epy.lazy_imports():
    from keras_suite.report import comparison, page, table


@dataclass(frozen=True)
class Report:
    """Write all runs on one page, index.html, which can be sent by mail.

    Broken, killed and unknown folders are listed with what is wrong with them.
    """

    runs: tyro.conf.Positional[Path] = Path("runs")
    """Folder of all runs."""
    output: Annotated[Path, tyro.conf.arg(aliases=("-o",), metavar="FOLDER")] = Path("report")
    """Folder that index.html goes to."""

    def run(self) -> None:
        """Write the page and say what is on it; raise InputError where it cannot be written."""
        written, sections = page.write_report(self.runs, self.output)
        found = [run for each in sections for run in each.runs]
        broken = [run for run in found if run.status == "broken"]
        for run in broken:
            print(printable(f"broken: {run.folder}: {run.problems[0]}"))
        counts = counted(len(sections), "experiment"), counted(len(found), "run")
        print(printable(f"{written}: {', '.join(counts)}, {len(broken)} of them broken"))


@dataclass(frozen=True)
class ReportTable:
    """Write reported and reproduced figures, and which claims hold, as a page of Markdown."""

    runs: tyro.conf.Positional[Path] = Path("reference")
    """Folder of runs; finished ones count."""
    output: Annotated[Path, tyro.conf.arg(aliases=("-o",), metavar="FILE")] = Path(
        "docs/reproduction.md"
    )
    """Page to write."""

    def run(self) -> None:
        """Write the page and say what is on it; raise InputError where it cannot be written."""
        command = f"python -m keras_suite report table {self.runs.as_posix()}"
        found = table.write_table(self.runs, self.output, command)
        print(printable(f"{self.output}: {counted(len(found), 'run')}"))


@dataclass(frozen=True)
class Compare:
    """Print the figures of two runs side by side, and write them as a page where one is named.

    A RUN is a run's folder, or an experiment's, which means its latest run; the second may be a
    folder of experiments, which means the same one's there.
    """

    first: Annotated[tyro.conf.Positional[Path], shown("RUN")]
    """A run."""
    second: Annotated[tyro.conf.Positional[Path], shown("RUN")]
    """Another run."""
    output: Annotated[Path | None, shown("FILE", "no page", aliases=("-o",))] = None
    """An HTML file to write besides."""

    def run(self) -> None:
        """Compare; raise InputError where a run cannot be read or the page not be written."""
        found = comparison.compare(self.first, self.second)
        comparison.show(found, Console())
        if self.output:
            page.write_comparison(found, self.output)
            print(printable(f"Page: {self.output}"))
