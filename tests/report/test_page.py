import json
import re
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.errors import InputError
from keras_suite.report.page import write_report
from tests.report import run_folders
from tests.report.run_folders import REAL, SAMPLE, result, write_figure, write_run, write_search

EVIL = '"><img src=x onerror=alert(1)><script>alert(2)<\\script>{{ 7 * 7 }}'


class Elements(HTMLParser):
    """All elements of a page, as names with attributes, and the text."""

    def __init__(self, html: str):
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def page(runs: Path) -> str:
    path, _ = write_report(runs, runs.parent / "report")
    return path.read_text()


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


def test_the_page_says_what_was_run_and_what_came_out(runs):
    folder = write_run(runs, results=[result(reported=0.86, std=0.002, values=[0.898, 0.902])])
    write_figure(folder)
    write_search(runs, data=SAMPLE)
    html = page(runs)
    text = Elements(html).text
    for part in (
        "A toy that learns.", "python experiments/toy.py --preset quick", "100 rows of rows.csv",
        "2 (42 to 43)", "10 min 8 s", "33,570 total", "0.86", "+0.0400", "better",
        "0.8980 · 0.9020", "3.15.1", "a" * 64,
        "12 completed, 1 failed trials, for the best val_accuracy",
        "The best 10 trials Sample data",
    ):  # fmt: skip
        assert part in text
    assert 'alt="Learning curves of toy. Validation loss' in html


def test_the_newest_finished_run_of_the_papers_recipe_on_real_rows_is_shown(runs):
    write_run(runs, "20260101-000000-aaaaaaaa")
    write_run(runs, "20260102-000000-aaaaaaaa", preset="paper")
    write_run(runs, "20260103-000000-aaaaaaaa", preset="paper", config={"epochs": 3})
    write_run(runs, "20260104-000000-aaaaaaaa", preset="paper", data=SAMPLE)
    write_run(runs, "20260105-000000-aaaaaaaa", preset="paper", status="interrupted")
    write_run(runs, "20260106-000000-aaaaaaaa")
    _, [section] = write_report(runs, runs.parent / "report")
    assert section.shown.folder.name[:8] == "20260103"
    names = [run.folder.name[6:8] for run, _ in section.others]
    assert names == ["06", "05", "04", "02", "01"]


def test_without_real_rows_the_newest_sample_is_shown_and_marked_everywhere(runs):
    rows = [result(split=split, reported=0.8) for split in ("test", "cost", "train")]
    write_figure(write_run(runs, data=SAMPLE, results=rows))
    html = page(runs)
    assert "verdict better" not in html
    tables = re.findall(r'<table class="figures">.*?</table>', html, re.DOTALL)
    assert len(tables) == 3
    marked = [*tables, *re.findall(r"<figcaption>.*?</figcaption>", html)]
    marked.append(re.search(r'<table class="sortable overview">.*?</table>', html, re.DOTALL)[0])
    marked.append(re.search(r"<section.*?</h2>.*?<p class=\"notice\">", html, re.DOTALL)[0])
    assert len(marked) == 6
    assert all('<strong class="badge sample">Sample data</strong>' in each for each in marked)
    write_run(runs, experiment="real", data=REAL)
    assert "verdict better" in page(runs)


def test_test_and_cost_are_open_and_the_rest_unfolds(runs):
    of_parts = [result(split=each) for each in ("train", "validation", "test")]
    by_class = result("f1 a", group="by class")
    write_run(runs, results=[by_class, *of_parts, result("seconds", split="", group="cost")])
    heads = re.findall(r"<(?:h3|summary)>(Test, by class|Test|Cost|Train|Validation)", page(runs))
    assert heads == ["Test", "Cost", "Test, by class", "Train", "Validation"]


def test_broken_runs_are_listed_with_the_reason_and_stop_nothing(runs):
    write_run(runs)
    (write_run(runs, "20250101-000000-aaaaaaaa") / "metrics.json").write_text("[]")
    (runs / "foreign" / "photos").mkdir(parents=True)
    write_run(runs, "2024", "killed", status="running", results=[])
    text = Elements(page(runs)).text
    found = "holds no JSON object", "photos", "there is no metrics.json", "killed", "none done"
    assert [part for part in found if part not in text] == []


def test_what_runs_say_is_text_and_nothing_else(runs):
    names = EVIL.replace("/", "-")
    evil = result(EVIL, 0.9, 0.8, model=EVIL, protocol=EVIL, decision=EVIL)
    said = dict.fromkeys(("about", "command", "preset", "exported"), EVIL)
    said |= {"seconds": {EVIL: 3}, "parameters": {EVIL: 3}, "environment": {EVIL: EVIL}}
    said |= {"data": REAL | {"source": EVIL}}
    said["results"] = [evil, evil | {"split": EVIL}]
    folder = write_run(runs, names, names, {EVIL: EVIL, "seed": EVIL}, **said)
    write_figure(folder).rename(folder / "figures" / f"{names}.png")
    write_run(runs, f"0{names}", names, {EVIL: 1}, status=EVIL)
    trials = write_search(runs, names) / "trials.csv"
    trials.write_text(trials.read_text().replace("query", "<img src=x onerror=alert(1)>"))
    found = Elements(page(runs))
    assert [tag for tag, _ in found.found].count("script") == 1
    (image,) = (attributes for tag, attributes in found.found if tag == "img")
    assert image["src"].startswith("data:image/png;base64,")
    assert EVIL.lower() in image["alt"].lower()
    assert not [name for _, attributes in found.found for name in attributes if name[:2] == "on"]
    assert EVIL in found.text
    assert all(each["href"][0] == "#" for tag, each in found.found if tag == "a")


def test_a_page_that_cannot_be_written_is_one_sentence_and_leaves_what_was_there(runs, tmp_path):
    runs.mkdir()
    with pytest.raises(InputError, match="holds no runs"):
        write_report(runs, tmp_path / "report")
    assert not (tmp_path / "report").exists()
    write_run(runs)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be made"):
        write_report(runs, tmp_path / "file" / "report")
    kept = tmp_path / "report" / "index.html" / "mine.txt"
    kept.parent.mkdir(parents=True)
    kept.touch()
    with pytest.raises(InputError, match="not the name of a page"):
        write_report(runs, tmp_path / "report")
    assert kept.exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@st.composite
def nearly_right(draw):
    """Draw a metrics.json of which parts are something else."""
    right = run_folders.metrics(results=[result(reported=0.86, std=0.1, values=[0.9, 0.8])])
    found = json.loads(json.dumps(right))  # which shares nothing with others
    objects = [each for each in (found, *found.values(), *found["results"]) if type(each) is dict]
    for _ in range(draw(st.integers(1, 4))):
        changed = draw(st.sampled_from(objects))
        changed[draw(st.sampled_from(sorted(changed)))] = draw(JSON)
    return found


@settings(max_examples=30)
@given(nearly_right() | JSON, JSON)
def test_whatever_the_files_hold_there_is_a_page(found, config):
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        run = write_run(runs)
        (run / "metrics.json").write_text(json.dumps(found))
        (run / "config.json").write_text(json.dumps(config))
        assert "</html>" in page(runs)
