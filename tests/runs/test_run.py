import dataclasses
import io
import json
import platform
from importlib.metadata import version
from types import SimpleNamespace

import pytest
from rich.console import Console

from keras_suite.config import ExperimentConfig
from keras_suite.data.provenance import Provenance
from keras_suite.errors import InputError
from keras_suite.plots.classes import class_histogram
from keras_suite.runs.run import open_run
from keras_suite.training import parallel

ROWS = Provenance("rows.csv", "real", 10, "a" * 64)
RESULT = {"model": "1", "split": "test", "metric": "f1", "reported": None, "reproduced": 0.5}


def open_(output, resume=False, seed=42):
    console, config = Console(file=io.StringIO(), width=100), ExperimentConfig(seed=seed)
    return open_run("toy", "paper", config, output, console=console, resume=resume)


def history_lines(run):
    return (run.folder / "history.csv").read_text().splitlines()


@pytest.fixture
def trained(monkeypatch):
    """Makes fits that need no training; the arguments they are then run with are in ``asked``."""

    def run_fits(fits, *folders, on_steps, at_once):
        trained.asked.append(at_once)
        return {fit.name: fit.history for fit in fits}

    def trained(name, *history):
        return SimpleNamespace(name=name, steps=1, history=history)

    monkeypatch.setattr(parallel, "run_fits", run_fits)
    trained.asked = []
    return trained


def test_a_finished_run_leaves_what_the_contract_names_and_is_done_on_resume(tmp_path, trained):
    with open_(tmp_path) as run:
        run.use(ROWS)
        run.state_folder.mkdir()
        one, two = {"epoch": 1, "loss": 0.5}, {"epoch": 1, "loss": 0.25}
        run.fit([trained("one", one), trained("two", two)], share=0.5)
        run.save_figure(class_histogram({"rows": [0, 1, 1]}, ["a", "b"]), "classes")
        run.finish([RESULT])
        run.show()
    assert (tmp_path / "toy" / "latest").resolve() == run.folder
    assert json.loads((run.folder / "config.json").read_text())["seed"] == 42
    found = json.loads((run.folder / "metrics.json").read_text())
    expected = {"experiment": "toy", "preset": "paper", "seed": 42, "status": "done"}
    expected |= {"data": dataclasses.asdict(ROWS), "results": [RESULT]}
    assert {name: found[name] for name in expected} == expected
    assert found["seconds"]["total"] >= found["seconds"]["fit"] >= 0
    assert found["environment"]["python"] == platform.python_version()
    assert found["environment"]["tensorflow"] == version("tensorflow")
    assert all(found["environment"].values())
    assert history_lines(run) == ["fit,epoch,loss", "one,1,0.5", "two,1,0.25"]
    assert (run.folder / "figures" / "classes.png").exists()
    assert not run.state_folder.exists()
    assert str(run.folder) in run.console.file.getvalue()
    run.state_folder.mkdir()  # as if killed before this was removed
    with open_(tmp_path, resume=True) as again:
        assert again.is_done
        assert not again.state_folder.exists()
        assert again.metrics == found


def test_the_history_holds_all_fits_so_far_whatever_each_has_measured(tmp_path, trained):
    with open_(tmp_path) as run:
        run.use(ROWS)
        run.fit([trained("one", {"epoch": 1, "loss": 0.5})], share=0.2)
        assert history_lines(run) == ["fit,epoch,loss", "one,1,0.5"]
        second = trained("two", {"epoch": 1, "f1": 0.7}, {"epoch": 2, "f1": 0.8})
        assert list(run.fit([second], share=0.2, at_once=1)) == ["two"]
    assert trained.asked == [None, 1]
    assert history_lines(run) == ["fit,epoch,loss,f1", "one,1,0.5,", "two,1,,0.7", "two,2,,0.8"]


def test_the_first_line_says_when_data_is_a_sample(tmp_path):
    with open_(tmp_path) as run:
        run.use(Provenance("simulated", "sample", 10, "b" * 64), "SAMPLE DATA: not the real rows.")
        run.finish([RESULT])
        run.show()
    first, *lines = run.console.file.getvalue().splitlines()
    assert first == "SAMPLE DATA: not the real rows."
    assert any(line.startswith("SAMPLE DATA: toy") for line in lines)


def test_a_run_refused_before_it_began_leaves_no_folder(tmp_path):
    with open_(tmp_path) as before:
        before.use(ROWS)
    for resume in (False, True):
        with pytest.raises(InputError), open_(tmp_path, resume):
            raise InputError("bad rows")
        kept = {path.name for path in (tmp_path / "toy").iterdir()}
        assert kept == {before.folder.name, "latest"}
    assert (before.folder / "metrics.json").exists()


def test_resume_opens_the_newest_run_of_the_same_settings_and_clears_up_after_a_kill(tmp_path):
    with open_(tmp_path, resume=True) as first:  # where there is none to resume, a new one begins
        assert not first.is_done
        first.state_folder.mkdir()
    with open_(tmp_path, seed=43), open_(tmp_path) as newest:
        assert newest.folder != first.folder
        newest.state_folder.mkdir()
        (newest.state_folder / ".partial-7-a.npz").touch()
    with open_(tmp_path, resume=True) as again:
        assert again.folder == newest.folder
        assert again.state_folder.exists()
        assert not list(again.folder.rglob(".partial-*"))
        again.use(ROWS)
    assert (tmp_path / "toy" / "latest").resolve() == newest.folder


def test_ctrl_c_leaves_the_status_interrupted(tmp_path):
    with pytest.raises(KeyboardInterrupt), open_(tmp_path) as run:  # noqa: PT012
        run.use(ROWS)
        raise KeyboardInterrupt
    assert json.loads((run.folder / "metrics.json").read_text())["status"] == "interrupted"
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
