import dataclasses
import errno
import io
import json
import math
import platform
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from keras_suite.config import ExperimentConfig
from keras_suite.data.provenance import Provenance
from keras_suite.errors import InputError
from keras_suite.plots.classes import class_histogram
from keras_suite.runs import run as run_module
from keras_suite.runs.read import run_meant
from keras_suite.runs.run import open_run
from keras_suite.training import parallel
from keras_suite.training.fit import run_fit
from tests.training.fits import make_fit

ROWS = Provenance("rows.csv", "real", 10, "a" * 64)
RESULT = {"model": "1", "split": "test", "metric": "f1", "reported": None, "reproduced": 0.5}


def open_(output, resume=False, code="", **fields):
    console, config = Console(file=io.StringIO(), width=100), ExperimentConfig(**fields)
    return open_run("toy", "paper", config, output, console=console, resume=resume, code=code)


def said(run):
    return run.console.file.getvalue()


def metrics(run):
    return json.loads((run.folder / "metrics.json").read_text())


def test_a_finished_run_leaves_what_the_contract_names_and_is_done_on_resume(tmp_path):
    with open_(tmp_path) as run:
        run.use(ROWS)
        run.save_figure(class_histogram({"rows": [0, 1, 1]}, ["a", "b"]), "classes")
        run.finish([RESULT])
        run.show()
    assert (tmp_path / "toy" / "latest").resolve() == run.folder
    assert json.loads((run.folder / "config.json").read_text())["seed"] == 42
    found = metrics(run)
    expected = {"experiment": "toy", "preset": "paper", "seed": 42, "status": "done"}
    expected |= {"data": dataclasses.asdict(ROWS), "results": [RESULT]}
    assert expected.items() <= found.items()
    assert found["environment"]["python"] == platform.python_version()
    assert found["environment"]["tensorflow"] == version("tensorflow")
    assert all(found["environment"].values())
    assert (run.folder / "figures" / "classes.png").exists()
    assert str(run.folder) in run.console.file.getvalue()
    run.state_folder.mkdir()  # as if killed before this was removed
    with open_(tmp_path, resume=True) as again:
        assert again.is_done
        assert not again.state_folder.exists()
        assert again.metrics == found


def test_the_history_holds_all_fits_so_far_whatever_each_has_measured(tmp_path, monkeypatch):
    def run_fits(fits, *folders, on_steps, at_once):
        asked.append(at_once)
        return {fit.name: fit.history for fit in fits}

    def trained(name, metric, *values):
        history = [{"epoch": i, metric: value} for i, value in enumerate(values, 1)]
        return SimpleNamespace(name=name, steps=1, history=history)

    monkeypatch.setattr(parallel, "run_fits", run_fits)
    asked = []
    with open_(tmp_path) as run:
        run.use(ROWS)
        history = run.folder / "history.csv"
        run.fit([trained("one", "loss", 0.5), trained("two", "loss", 0.25)], share=0.2)
        assert history.read_text().split() == ["fit,epoch,loss", "one,1,0.5", "two,1,0.25"]
        run.state_folder.mkdir()
        assert list(run.fit([trained("three", "f1", 0.7, 0.8)], share=0.2, at_once=1)) == ["three"]
        run.finish([RESULT])
    assert asked == [None, 1]
    lines = ["fit,epoch,loss,f1", "one,1,0.5,", "two,1,0.25,", "three,1,,0.7", "three,2,,0.8"]
    assert history.read_text().split() == lines
    assert metrics(run)["seconds"]["total"] >= metrics(run)["seconds"]["fit"] >= 0
    assert not run.state_folder.exists()


def test_a_run_refused_before_it_began_leaves_no_folder(tmp_path):
    with open_(tmp_path) as before:
        before.use(ROWS)
    for error in (InputError, RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), open_(tmp_path):
            raise error("bad rows")
        with pytest.raises(error), open_(tmp_path, resume=True):
            raise error("bad rows")
        kept = {path.name for path in (tmp_path / "toy").iterdir()}
        assert kept == {before.folder.name, "latest"}
    assert (before.folder / "metrics.json").exists()


def begin(output, seed=42, status="running", **fields):
    """A run that has begun and is left with a status, as a kill leaves it."""
    with open_(output, seed=seed, **fields) as run:
        run.use(ROWS)
        run.metrics["status"] = status
        run.write()
    return run


def test_resume_goes_on_with_the_newest_unfinished_run_of_the_same_settings_and_says_so(tmp_path):
    with open_(tmp_path, resume=True) as first:  # where there is none to resume, a new one begins
        first.use(ROWS)
        assert not first.is_done
    assert said(first).startswith("No unfinished run has these settings: a new one begins.\n")
    other, newest = begin(tmp_path, seed=43), begin(tmp_path)
    begin(tmp_path, status="done")
    assert newest.folder not in (first.folder, other.folder)
    (newest.state_folder / ".partial-7-a.npz").mkdir(parents=True)
    fit = make_fit(epochs=2, name="net")
    run_fit(fit, newest.state_folder / "net.npz")
    with open_(tmp_path, resume=True, data="real", data_dir=tmp_path) as again:
        assert again.folder == newest.folder
        assert again.state_folder.exists()
        assert not list(again.folder.rglob(".partial-*"))
        again.use(ROWS)
    assert said(again).startswith(f"Going on with {newest.folder}, after epoch 2 of net.\n")
    assert (tmp_path / "toy" / "latest").resolve() == newest.folder
    with open_(tmp_path, resume=True, seed=44, repeats=2) as anew:
        anew.use(ROWS)
    nearest = f"{again.folder}, has seed 42 instead of 44, repeats 1 instead of 2."
    assert said(anew).splitlines()[0].endswith(f"The nearest, {nearest}")


def test_a_finished_run_is_shown_again_only_if_its_data_were_looked_for_in_the_same_place(tmp_path):
    done = begin(tmp_path, status="done")
    with open_(tmp_path, resume=True) as again:
        assert again.is_done
    assert said(again).startswith(f"{done.folder} is done")
    with open_(tmp_path, resume=True, data="real") as other:
        assert not other.is_done


def test_other_versions_code_and_weights_are_said_or_refused(tmp_path):
    weights = [{"name": "bert", "sha256": "a"}]
    with open_(tmp_path, code="a" * 64) as run:
        run.use(ROWS, weights=weights)
        run.metrics["environment"]["keras"] = "2.0.0"
        run.write()
    with open_(tmp_path, resume=True, code="b" * 64) as again:
        again.use(ROWS, weights=weights)
    changed = {"code": f"{'a' * 12} then, {'b' * 12} now"}
    changed["keras"] = f"2.0.0 then, {version('keras')} now"
    assert metrics(again)["changed_on_resume"] == [changed]
    assert f"Since it began this has changed: code ({changed['code']}), keras" in said(again)
    other = [{"name": "bert", "sha256": "b"}]
    with open_(tmp_path, resume=True) as run, pytest.raises(InputError, match="other weights than"):
        run.use(ROWS, weights=other)


@pytest.mark.parametrize("content", ['{"status": "runn', "{}", "[]", '{"status": 3}', b"\xff"])
def test_a_damaged_record_is_refused_with_a_sentence(tmp_path, content):
    record = begin(tmp_path).folder / "metrics.json"
    record.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=f"^{record} is damaged .*: remove {record.parent} or"):
        open_(tmp_path, resume=True).__enter__()
    assert record.exists()


def test_the_record_is_json_that_every_reader_takes(tmp_path):
    with open_(tmp_path) as run:
        run.use(ROWS)
        run.finish([RESULT | {"reproduced": math.nan, "values": [math.inf, 1.0]}])
    text = (run.folder / "metrics.json").read_text()
    (found,) = json.loads(text, parse_constant=pytest.fail)["results"]
    assert (found["reproduced"], found["values"]) == (None, [None, 1.0])


def test_a_kill_loses_no_more_than_ten_seconds_of_a_stages_time(tmp_path, monkeypatch):
    clock = iter(range(0, 1000, 6))
    monkeypatch.setattr(run_module.time, "perf_counter", lambda: next(clock))
    with open_(tmp_path) as run:
        run.use(ROWS)
        with run.stage("fit") as advance:
            for _ in range(3):
                advance(0.1)
            assert 12 <= metrics(run)["seconds"]["fit"] < 60
    before = metrics(run)["seconds"]["fit"]
    with open_(tmp_path, resume=True) as again, again.stage("fit"):
        pass
    assert metrics(again)["seconds"]["fit"] > before


@pytest.mark.parametrize("error", [OSError(errno.EOPNOTSUPP, "no links"), None])
def test_a_drive_without_links_and_a_folder_of_that_name_are_no_hindrance(
    tmp_path, monkeypatch, error
):
    def symlink_to(self, target):
        raise error

    if error:
        monkeypatch.setattr(Path, "symlink_to", symlink_to)
    else:
        (tmp_path / "toy" / "latest").mkdir(parents=True)
        (tmp_path / "toy" / "latest" / "mine").touch()
    run = begin(tmp_path)
    kept = sorted(path.name for path in (tmp_path / "toy").iterdir())
    assert kept == [run.folder.name, *([] if error else ["latest"])]
    assert error or (tmp_path / "toy" / "latest" / "mine").exists()
    assert run_meant(tmp_path / "toy") == run.folder


def test_ctrl_c_leaves_the_status_interrupted(tmp_path):
    with pytest.raises(KeyboardInterrupt), open_(tmp_path) as run:  # noqa: PT012
        run.use(ROWS)
        raise KeyboardInterrupt
    assert metrics(run)["status"] == "interrupted"
    with open_(tmp_path, resume=True) as again:
        assert again.metrics["status"] == "running"


def test_other_rows_a_second_process_and_a_file_as_the_folder_are_refused(tmp_path):
    with open_(tmp_path) as run:
        run.use(ROWS)
        with pytest.raises(InputError, match="Another process"):
            open_(tmp_path, resume=True).__enter__()
    other = dataclasses.replace(ROWS, sha256="b" * 64)
    with open_(tmp_path, resume=True) as run, pytest.raises(InputError, match="other rows"):
        run.use(other)
    with pytest.raises(InputError, match="choose another folder with --output"):
        open_(run.folder / "metrics.json").__enter__()
