import pytest

from keras_suite.report.comparison import compare
from keras_suite.report.page import write_comparison, write_report
from tests.report.browser import CHROMIUM, Browser
from tests.report.run_folders import REAL, SAMPLE, result, write_figure, write_run, write_search

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="there is no chromium to look at pages with"),
]
EVIL = '"><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


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


def column(browser, number):
    return browser.value(
        "[...document.querySelectorAll('.overview tbody tr')]"
        f".map(row => row.cells[{number}].dataset.value ?? row.cells[{number}].textContent.trim())"
    )


def sorted_as(browser):
    return browser.value(
        "[...document.querySelectorAll('.overview thead th')].map(e => e.getAttribute('aria-sort'))"
    )


def test_it_opens_from_disk_with_all_figures_and_nothing_complains_or_is_fetched(browser, page):
    browser.open(page)
    assert browser.complaints() == []
    assert browser.value("document.querySelectorAll('table.figures').length") == 4
    assert EVIL in browser.value("document.body.textContent")
    images = browser.value("[...document.images].map(e => [e.complete, e.naturalWidth, e.alt])")
    assert len(images) == 7
    assert all(map(all, images))  # loaded, of a size, and with words instead


def test_a_click_sorts_and_another_turns_it_round_and_so_does_the_keyboard(browser, page):
    browser.open(page)
    buttons = "document.querySelectorAll('.overview thead button')"
    names = column(browser, 0)
    assert sorted_as(browser) == ["none"] * 10
    browser.value(f"{buttons}[4].click()")
    up = [float(each) for each in column(browser, 4)]
    assert up == sorted(up)
    assert up[0] < up[-1]
    assert sorted_as(browser)[4] == "ascending"
    browser.value(f"{buttons}[4].click()")
    assert [float(each) for each in column(browser, 4)] == up[::-1]
    assert sorted_as(browser) == [*["none"] * 4, "descending", *["none"] * 5]
    browser.value(f"{buttons}[0].focus()")
    browser.press("Enter", 13, "\r")
    browser.press(" ", 32, " ")
    assert sorted_as(browser)[0] == "descending"
    assert column(browser, 0) == sorted(names, reverse=True)


@pytest.mark.parametrize("width", [320, 375, 1200])
def test_nothing_is_wider_than_the_window(browser, page, width):
    browser.open(page, width=width)
    browser.value("for (const each of document.querySelectorAll('details')) each.open = true")
    assert browser.value("innerWidth") == width
    assert browser.value("document.documentElement.scrollWidth") <= width


CONTRAST = """
(() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const light = text => {
    const [r, g, b] = parts(text).slice(0, 3).map(each => {
      const c = each / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if ((parts(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  return Math.min(...[...document.querySelectorAll("body *")]
    .filter(each => [...each.childNodes].some(c => c.nodeType === 3 && c.data.trim()))
    .filter(each => each.tagName !== "SCRIPT")
    .map(each => {
      const [x, y] = [light(getComputedStyle(each).color), light(ground(each))];
      return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
    }));
})()
"""


@pytest.mark.parametrize(
    ("media", "scheme"), [("screen", "light"), ("screen", "dark"), ("print", "light")]
)
def test_all_text_stands_out_from_its_ground(browser, page, media, scheme):
    browser.open(page, media=media, scheme=scheme)
    assert browser.value(CONTRAST) >= 4.5  # WCAG 2, level AA


def test_without_its_script_the_page_is_plain_tables(browser, page):
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page)
        html = browser.send("DOM.getDocument")["root"]["nodeId"]
        rows = browser.send("DOM.querySelectorAll", nodeId=html, selector=".overview tbody tr")
        buttons = browser.send("DOM.querySelectorAll", nodeId=html, selector="button")
    finally:
        browser.send("Emulation.setScriptExecutionDisabled", value=False)
    assert (len(rows["nodeIds"]), len(buttons["nodeIds"])) == (4, 0)


def test_a_comparison_is_a_page_as_well(browser, tmp_path):
    runs = [write_run(tmp_path, f"{i}{EVIL}", "toy", {EVIL: i}) for i in range(2)]
    write_comparison(compare(*runs), tmp_path / "page.html")
    browser.open(tmp_path / "page.html", width=375)
    assert browser.complaints() == []
    assert browser.value("document.documentElement.scrollWidth") <= 375
    assert browser.value("document.querySelectorAll('.pairs tbody tr').length") == 3
    assert browser.value("document.images.length") == 0
