import json
import os
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


def test_the_overview_begins_with_what_sources_claim_and_whether_it_holds(runs):
    names = "name", "source", "sentence", "answer", "because"
    claim = dict(zip(names, ("C1", "A", EVIL, "does not hold", "f1 of ‘A’: 0.5"), strict=True))
    write_run(runs, claims=[claim, {"name": "C2"}, "odd"])
    html = page(runs)
    assert EVIL in Elements(html).text
    assert '<span class="badge does-not-hold">does not hold</span>' in html
    assert html.index("What the sources claim") < html.index("<caption>Overview")
    assert "C2" not in html
    write_run(runs, "20270101-000000-0a1b2c3d", claims=[])
    assert "What the sources claim" not in page(runs)


def test_weights_are_named_with_commit_and_hash(runs):
    weights = [{"name": "somebody/bert", "revision": "c" * 40, "sha256": "d" * 64}, "odd"]
    write_run(runs, "20270101-000000-0a1b2c3d", weights=weights)
    shown = page(runs)
    assert "<dt>Weights</dt><dd>somebody/bert at cccccccc</dd>" in shown
    assert f"SHA-256 of somebody/bert: <code>{'d' * 64}</code>" in shown


def test_the_method_is_read_as_a_docstring_is(runs):
    write_run(runs, method="By arXiv:2106.09685, ``--rank 8`` & <b>.\n\nThen so.")
    link = '<a href="https://arxiv.org/abs/2106.09685">arXiv:2106.09685</a>'
    shown = f"<p>By {link}, <code>--rank 8</code> &amp; &lt;b&gt;.</p>\n<p>Then so.</p>"
    assert shown in page(runs)


def test_the_newest_finished_run_of_the_papers_recipe_on_real_rows_is_shown(runs):
    paper = {"preset": "paper"}
    changes = {}, paper, paper | {"config": {"epochs": 3}}, paper | {"data": SAMPLE}
    for day, change in enumerate([*changes, paper | {"status": "interrupted"}, {}], 1):
        write_run(runs, f"2026010{day}-000000-aaaaaaaa", **change)
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
    seeds = [result(reported=0.8, std=0.01, values=[0.89, 0.91])]
    write_run(runs, experiment="real", data=REAL, results=seeds)
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
    (runs / "foreign" / "photos" / "one").mkdir(parents=True)
    write_run(runs, "2024", "killed", status="running", results=[])
    text = Elements(page(runs)).text
    found = "holds no JSON object", "photos", "there is no metrics.json", "killed", "none done"
    assert [part for part in found if part not in text] == []


@pytest.mark.parametrize("name", ["metrics.json", "config.json", "history.csv"])
def test_the_files_of_a_run_are_its_own(runs, tmp_path, name):
    """A page sent by mail would tell what links point to; a pipe is never read to its end."""
    (tmp_path / "private.json").write_text('{"token": "secret"}')
    folder = write_run(runs)
    (folder / name).unlink()
    (folder / name).symlink_to(tmp_path / "private.json")
    text = Elements(page(runs)).text
    assert f"{name} cannot be read" in text
    assert "a link to elsewhere" in text
    assert "secret" not in text
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert "not a file" in Elements(page(runs)).text


def test_a_config_of_any_depth_is_shown_as_far_as_it_can_be_read(runs):
    deep = json.loads('{"a":' * 500 + "1" + "}" * 500)
    write_run(runs, config={"deep": deep}, environment={"deep": deep})
    assert "a: a: a: a: a: a: a: …" in Elements(page(runs)).text


def test_a_folder_that_is_only_read_is_left_as_it_is(runs):
    killed = write_run(runs, status="running")
    (killed / ".lock").touch()
    before = sorted((path, path.stat().st_mtime_ns) for path in runs.rglob("*"))
    page(runs)
    assert sorted((path, path.stat().st_mtime_ns) for path in runs.rglob("*")) == before


def test_what_runs_say_is_text_and_nothing_else(runs):
    names = EVIL.replace("/", "-")
    evil = result(EVIL, 0.9, 0.8, model=EVIL, protocol=EVIL, decision=EVIL)
    said = dict.fromkeys(("about", "command", "preset", "exported"), EVIL)
    said |= {"seconds": {EVIL: 3}, "parameters": {EVIL: 3}, "environment": {EVIL: EVIL}}
    said |= {"data": REAL | {"source": EVIL}}
    said["results"] = [evil, evil | {"split": EVIL}]
    folder = write_run(runs, names, names, {EVIL: EVIL, "seed": EVIL}, **said)
    write_figure(folder, names)
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
    def refused(said, folder):
        with pytest.raises(InputError, match=said):
            write_report(runs, folder)

    runs.mkdir()
    refused("holds no runs", tmp_path / "report")
    assert not (tmp_path / "report").exists()
    write_run(runs)
    kept = tmp_path / "report" / "index.html" / "mine.txt"
    kept.parent.mkdir(parents=True)
    kept.touch()
    refused("cannot be made", kept / "report")
    refused("not the name of a page", tmp_path / "report")
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
