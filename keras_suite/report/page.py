"""Pages as one file each: nothing is fetched, nothing of a run is code."""

import base64
import hashlib
import re
import time
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from keras_suite.errors import InputError
from keras_suite.report.comparison import Comparison
from keras_suite.report.searches import read_searches
from keras_suite.report.sections import Section, by_table, headline, section
from keras_suite.runs import numbers
from keras_suite.runs.read import read_runs
from keras_suite.terminal import files

TEMPLATES = Path(__file__).with_name("templates")
ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def cited(text: str) -> Markup:
    """Return a docstring's text with arXiv identifiers as links and ``literals`` as code."""
    link = r'<a href="https://arxiv.org/abs/\1">\g<0></a>'
    linked = re.sub(r"arXiv:(\d{4}\.\d{4,5})", link, str(escape(text)))
    return Markup(re.sub("``(.+?)``", r"<code>\1</code>", linked))


WORDS = cited, numbers.counted, numbers.duration, numbers.figure, numbers.plain
ENVIRONMENT.filters |= {each.__name__: each for each in (*WORDS, by_table, headline)}


def write_report(runs: Path, output: Path) -> tuple[Path, list[Section]]:
    """Write ``output/index.html`` on runs, or raise InputError; return it and what is on it."""
    sections = [section(name, found) for name, found in read_runs(runs).items()]
    searches = read_searches(runs)
    if not sections and not searches:
        raise InputError(
            f"{runs} holds no runs: give the folder that experiments write their runs to, or make "
            "one first with python experiments/fraud.py."
        )
    page = output / "index.html"
    _write(page, "page.html.j2", sections=sections, searches=searches, runs=runs)
    return page, sections


def write_comparison(comparison: Comparison, page: Path) -> None:
    """Write a comparison as a page, or raise InputError; whole or not at all."""
    _write(page, "comparison.html.j2", comparison=comparison)


def _write(page: Path, template: str, **content) -> None:
    if page.suffix != ".html" or page.is_dir():
        raise InputError(f"{page} is not the name of a page: give an .html file with -o.")
    script = (TEMPLATES / "sort.js").read_text(encoding="utf-8")
    sha256 = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    content |= {"script": Markup(script), "script_sha256": sha256}
    content["written"] = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    html = ENVIRONMENT.get_template(template).render(content)
    files.make_folder(page.parent)
    try:
        # Names of files and JSON can hold lone surrogates, which UTF-8 cannot.
        files.write_text(page, html.encode("utf-8", "replace").decode("utf-8"))
    except OSError as error:
        raise InputError(
            f"{page} cannot be written ({error.strerror}): choose another place with -o."
        ) from error
