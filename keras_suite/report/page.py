"""Pages as one file each: nothing is fetched, nothing of a run is code."""

import base64
import hashlib
import time
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from keras_suite.errors import InputError
from keras_suite.report import numbers
from keras_suite.report.comparison import Comparison
from keras_suite.report.records import read_runs
from keras_suite.report.searches import read_searches
from keras_suite.report.sections import Section, section, with_pictures
from keras_suite.terminal import files

TEMPLATES = Path(__file__).with_name("templates")


def write_report(runs: Path, output: Path) -> tuple[Path, list[Section]]:
    """Write ``output/index.html``, whole or not at all.

    Args:
        runs: the folder of all runs.
        output: made where it is missing.

    Returns:
        The page, and what is on it.

    Raises:
        InputError: where there are no runs or the page cannot be written.
    """
    sections = [section(name, records) for name, records in read_runs(runs).items()]
    searches = with_pictures(read_searches(runs))
    if not sections and not searches:
        raise InputError(
            f"{runs} holds no runs: give the folder that experiments write their runs to, or make "
            "one first with python experiments/fraud.py."
        )
    page = output / "index.html"
    write_page(page, "page.html.j2", sections=sections, searches=searches, runs=runs)
    return page, sections


def write_comparison(comparison: Comparison, page: Path) -> None:
    """Write a comparison as a page, whole or not at all.

    Raises:
        InputError: where it cannot be written.
    """
    write_page(page, "comparison.html.j2", comparison=comparison)


def write_page(page: Path, template: str, **content) -> None:
    """Fill a template and write the page.

    Raises:
        InputError: where it cannot be written.
    """
    if page.suffix != ".html" or page.is_dir():
        raise InputError(f"{page} is not the name of a page: give an .html file with -o.")
    script = (TEMPLATES / "sort.js").read_text(encoding="utf-8")
    html = (
        _environment()
        .get_template(template)
        .render(
            **content,
            script=Markup(script),
            script_sha256=_digest(script),
            written=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        )
    )
    files.make_folder(page.parent)
    try:
        files.write_text(page, encodable(html))
    except OSError as error:
        raise InputError(
            f"{page} cannot be written ({error.strerror}): choose another place with -o."
        ) from error


def encodable(text: str) -> str:
    """Return a text without the lone surrogates that names of files and JSON can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = "figure", "spread", "as_reported", "difference", "duration", "counted", "plain"
    environment.filters |= {name: getattr(numbers, name) for name in names}
    return environment


def _digest(script: str) -> str:
    """Return what the page's content security policy knows its only script by."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
