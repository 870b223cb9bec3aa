import re
import shutil

import numpy as np
import pytest

from keras_suite.report.comparison import compare
from keras_suite.report.page import write_comparison, write_report
from tests.report.run_folders import REAL, SAMPLE, result, write_figure, write_run, write_search

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="there is no chromium to look at pages with"),
]
EVIL = '"><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as player:
        yield player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture
def opened(browser):
    """Open a page from disk; gives the tab and what it has complained of or asked a network for."""

    def opened(path, width=1200, media="screen", **context):
        tab = browser.new_context(viewport={"width": width, "height": 900}, **context).new_page()
        complaints = []
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(error))
        local = ("file:", "data:")
        tab.on("request", lambda r: r.url.startswith(local) or complaints.append(r.url))
        tab.emulate_media(media=media)
        tab.goto(path.as_uri())
        return tab, complaints

    return opened


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Make a report with a long name, markup in names, a broken run and a search."""
    runs = tmp_path_factory.mktemp("runs")
    long = "a_metric_with_a_name_that_no_phone_has_room_for"
    figures = [result(reported=0.86, std=0.01, values=[0.89, 0.91]), result(long, 0.5)]
    for name, accuracy, data in (("b", 0.2, SAMPLE), ("a", 0.9, REAL), ("c", 0.1, REAL)):
        results = [*figures, result("f1", accuracy, 0.3)]
        folder = write_run(runs, experiment=name, results=results, data=data)
        write_figure(folder)
        write_figure(folder, "confusion")
    write_run(runs, f"0{EVIL}", "a", about=EVIL)
    write_run(runs, EVIL, EVIL, {EVIL: "x" * 300}, command=EVIL + "y" * 300, about=EVIL)
    (write_run(runs, "0", "c") / "metrics.json").write_text("{")
    write_figure(write_search(runs, "a"), "hyperparameters")
    return write_report(runs, tmp_path_factory.mktemp("report"))[0]


def column(tab, number):
    return tab.evaluate(
        "[...document.querySelectorAll('.overview tbody tr')]"
        f".map(row => row.cells[{number}].dataset.value ?? row.cells[{number}].textContent.trim())"
    )


def sorted_as(tab):
    heads = tab.locator(".overview thead th").all()
    return [head.get_attribute("aria-sort") for head in heads]


def test_it_opens_from_disk_with_all_figures_and_nothing_complains_or_is_fetched(opened, page):
    tab, complaints = opened(page)
    assert tab.locator("table.figures").count() == 4
    assert EVIL in tab.text_content("body")
    images = tab.evaluate("[...document.images].map(e => [e.complete, e.naturalWidth, e.alt])")
    assert len(images) == 7
    assert all(map(all, images))  # loaded, of a size, and with words instead
    assert complaints == []


def test_a_click_sorts_and_another_turns_it_round_and_so_does_the_keyboard(opened, page):
    tab, _ = opened(page)
    buttons = tab.locator(".overview thead button")
    names = column(tab, 0)
    assert sorted_as(tab) == ["none"] * 10
    buttons.nth(4).click()
    up = [float(each) for each in column(tab, 4)]
    assert up == sorted(up) != up[::-1]
    assert sorted_as(tab)[4] == "ascending"
    buttons.nth(4).click()
    assert [float(each) for each in column(tab, 4)] == up[::-1]
    assert sorted_as(tab) == [*["none"] * 4, "descending", *["none"] * 5]
    for key in ("Enter", "Space"):
        buttons.nth(0).press(key)
    assert sorted_as(tab)[0] == "descending"
    assert column(tab, 0) == sorted(names, reverse=True)


@pytest.mark.parametrize("width", [320, 375, 1200])
def test_nothing_is_wider_than_the_window(opened, page, width):
    tab, _ = opened(page, width=width)
    tab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


COLOURS = """
(() => {
  const clear = color => color.startsWith("rgba") && parseFloat(color.split(",")[3]) == 0;
  const ground = element => {
    const color = element ? getComputedStyle(element).backgroundColor : "rgb(255, 255, 255)";
    return clear(color) ? ground(element.parentElement) : color;
  };
  return [...document.querySelectorAll("body *:not(script)")]
    .filter(each => [...each.childNodes].some(c => c.nodeType === 3 && c.data.trim()))
    .map(each => [getComputedStyle(each).color, ground(each)]);
})()
"""


def light(color):
    """Relative luminance of WCAG 2."""
    parts = np.array(re.findall(r"[\d.]+", color)[:3], float) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722] + 0.05


@pytest.mark.parametrize(
    ("media", "scheme"), [("screen", "light"), ("screen", "dark"), ("print", "light")]
)
def test_all_text_stands_out_from_its_ground(opened, page, media, scheme):
    tab, _ = opened(page, media=media, color_scheme=scheme)
    for color, ground in tab.evaluate(COLOURS):
        dark, bright = sorted([light(color), light(ground)])
        assert bright / dark >= 4.5  # WCAG 2, level AA


def test_without_its_script_the_page_is_plain_tables(opened, page):
    tab, _ = opened(page, java_script_enabled=False)
    assert tab.locator(".overview tbody tr").count() == 4
    assert tab.locator("button").count() == 0


def test_a_comparison_is_a_page_as_well(opened, tmp_path):
    runs = [write_run(tmp_path, f"{i}{EVIL}", "toy", {EVIL: i}) for i in range(2)]
    write_comparison(compare(*runs), tmp_path / "page.html")
    tab, complaints = opened(tmp_path / "page.html", width=375)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 375
    assert tab.locator(".pairs tbody tr").count() == 3
    assert tab.locator("img").count() == 0
    assert complaints == []
