"""What the run of every experiment must leave: its quick preset, on sample data, as a process."""

import dataclasses
import json
import math
import resource

import numpy as np
import PIL.Image
import pytest

from keras_suite import cli
from keras_suite.metrics.direction import direction
from keras_suite.runs.claims import judged, unless_sample
from tests.experiments.processes import export_problem, figures_of, read, run, stopped

NAMES = cli.experiment_names()
WHAT = "model", "protocol", "decision", "split", "group"
pytestmark = pytest.mark.parametrize("name", NAMES)


def test_it_says_what_it_is_of_and_leaves_nothing_half_done(name, quick_run):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    assert quick_run.out
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert seconds < 120  # a minute of 2 cores, which others use too
    metrics, folder = quick_run.metrics, quick_run.folder
    about = quick_run.experiment.__doc__.partition("\n")[0]
    assert (metrics["experiment"], metrics["about"]) == (name, about)
    assert metrics["command"].startswith(f"python experiments/{name}.py --preset quick")
    assert (metrics["status"], metrics["preset"]) == ("done", "quick")
    assert quick_run.out.endswith(f"Run: {folder}\n")
    _, expected = cli.parse(quick_run.experiment, list(quick_run.flags))
    config = json.loads((folder / "config.json").read_text())
    assert config == json.loads(json.dumps(dataclasses.asdict(expected), default=str))
    assert not (folder / "state").exists()
    assert not list(folder.rglob(".partial-*"))


def test_sample_data_are_marked_everywhere_and_no_picture_is_cut(name, quick_run):
    data = quick_run.metrics["data"]
    assert (data["kind"], len(data["sha256"])) == ("sample", 64)
    titles = [line for line in quick_run.out.splitlines() if data["source"] in line]
    assert quick_run.out.startswith("SAMPLE DATA: ")
    assert all(line.startswith("SAMPLE DATA: ") for line in titles)
    pictures = list((quick_run.folder / "figures").iterdir())
    assert pictures
    for picture in pictures:
        with PIL.Image.open(picture) as image:
            pixels = np.asarray(image.convert("L"))
            assert image.text["Description"].startswith("SAMPLE DATA")
        assert pixels.min() < 128  # something is drawn, and nothing up to where it would be cut
        assert all((edge == 255).all() for edge in (pixels[0], pixels[-1], *pixels.T[[0, -1]]))


def test_every_figure_is_a_number_that_says_what_it_is_of(name, quick_run):
    results = quick_run.metrics["results"]
    assert results
    for row in results:
        assert set(row) <= {*WHAT, "metric", "direction", "reported", "reproduced"}
        assert math.isfinite(row["reproduced"]), row
        assert row["direction"] == direction(row["metric"])
    assert len({tuple(row.get(k) for k in (*WHAT, "metric")) for row in results}) == len(results)


def test_every_reported_figure_of_its_models_stands_beside_one(name, quick_run):
    results = quick_run.metrics["results"]
    beside = {(*(row.get(k) for k in WHAT), row["metric"]): row["reported"] for row in results}
    reported = {
        (*(what.get(key) for key in WHAT), metric): value
        for what, figures in quick_run.experiment.REPORTED
        if what["model"] in {row["model"] for row in results}
        for metric, value in figures.items()
    }
    assert reported or not (quick_run.experiment.REPORTED and quick_run.history)
    assert reported.items() <= beside.items()


def test_every_claim_is_judged_by_figures_that_are_there(name, quick_run):
    claims, metrics = quick_run.experiment.CLAIMS, quick_run.metrics
    config = json.loads((quick_run.folder / "config.json").read_text())
    found = judged(claims, metrics["results"], config)
    missing = [each["because"] for each in found if "is not measured" in each["because"]]
    assert all("ALBERT" in each for each in missing)
    assert not missing or name == "persian_qa"
    assert metrics["claims"] == unless_sample(found, is_sample=True)
    assert {each["answer"] for each in metrics["claims"]} == {"not testable here"}


def test_the_history_has_every_epoch_of_what_was_trained(name, quick_run):
    names = [each.fit_name for each in quick_run.variants if each.trains]
    history = quick_run.history
    assert list(dict.fromkeys(row["fit"] for row in history)) == names
    for fit in names:
        epochs = [row for row in history if row["fit"] == fit]
        assert [int(row["epoch"]) for row in epochs] == [*range(1, len(epochs) + 1)]
        assert math.isfinite(float(epochs[-1][quick_run.experiment.OBJECTIVE]))
        assert list((quick_run.folder / "tensorboard" / fit).rglob("events*"))


def test_one_candidate_is_exported_and_a_fresh_process_computes_the_same(name, quick_run):
    folder, exported = quick_run.folder, quick_run.metrics["exported"]
    rows = quick_run.metrics["results"]
    assert exported not in {each.name for each in quick_run.variants if not each.is_candidate}
    measured = {", ".join(filter(None, (row["model"], row.get("protocol")))) for row in rows}
    assert exported in measured or not quick_run.history
    kept = [(folder / file).exists() for file in ("model.keras", "adapter")]
    assert sorted(kept) == [False, True]
    assert {path.name for path in (folder / "serving").iterdir()} == {name, "examples.npz"}
    assert export_problem(folder) == ""


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_to_the_same_figures_to_the_bit(name, quick_run, tmp_path):
    if not quick_run.history:
        assert not any(each.trains for each in quick_run.variants)
        return
    folder, _ = stopped(name, *quick_run.flags, output=tmp_path)
    assert read(folder)[0]["status"] == "running"
    done = run(name, *quick_run.flags, "--resume", output=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Run: {folder}\n" in done.stdout
    assert figures_of(folder) == figures_of(quick_run.folder)
