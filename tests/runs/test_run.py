import dataclasses
import io
import json
from dataclasses import dataclass
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
RESULT = {
    "model": "1", "protocol": "clean", "split": "test", "metric": "f1",
    "reported": None, "reproduced": 0.5,
}  # fmt: skip


@dataclass(frozen=True)
class Config(ExperimentConfig):
    epochs: int = 3


def open_(tmp_path, config=None, **options):
    console = Console(file=io.StringIO(), width=100)
    return open_run("toy", "paper", config or Config(), tmp_path, console=console, **options)


def metrics(run):
    return json.loads((run.folder / "metrics.json").read_text())


def history_lines(run):
    return (run.folder / "history.csv").read_text().splitlines()


@pytest.fixture
def trained(monkeypatch):
    """Makes fits that need no training; the arguments they are then run with are in ``asked``."""
    asked = []

    def run_fits(fits, *folders, on_steps, at_once):
        asked.append(at_once)
        return {fit.name: fit.history for fit in fits}

    def trained(name, *history):
        return SimpleNamespace(name=name, steps=1, history=history)

    monkeypatch.setattr(parallel, "run_fits", run_fits)
    trained.asked = asked
    return trained


def test_a_finished_run_leaves_what_the_contract_names(tmp_path, trained):
    with open_(tmp_path) as run:
        run.use(ROWS)
        run.state_folder.mkdir()
        one, two = {"epoch": 1, "loss": 0.5}, {"epoch": 1, "loss": 0.25}
        run.fit([trained("one", one), trained("two", two)], share=0.5)
        run.save_figure(class_histogram({"rows": [0, 1, 1]}, ["a", "b"]), "classes")
        run.finish([RESULT])
        run.show()
    assert (tmp_path / "toy" / "latest").resolve() == run.folder
    assert json.loads((run.folder / "config.json").read_text())["epochs"] == 3
    found = metrics(run)
    assert found["experiment"] == "toy"
    assert found["preset"] == "paper"
    assert found["seed"] == 42
    assert found["status"] == "done"
    assert found["data"] == dataclasses.asdict(ROWS)
    assert found["results"] == [RESULT]
    assert found["seconds"]["total"] >= found["seconds"]["fit"] >= 0
    assert {"python", "tensorflow", "keras", "cpu"} <= set(found["environment"])
    assert history_lines(run) == ["fit,epoch,loss", "one,1,0.5", "two,1,0.25"]
    assert (run.folder / "figures" / "classes.png").exists()
    assert not run.state_folder.exists()
    assert str(run.folder) in run.console.file.getvalue()


def test_the_history_holds_all_fits_so_far_whatever_each_has_measured(tmp_path, trained):
    with open_(tmp_path) as run:
        run.use(ROWS)
        run.fit([trained("one", {"epoch": 1, "loss": 0.5})], share=0.2)
        assert history_lines(run) == ["fit,epoch,loss", "one,1,0.5"]
        second = trained("two", {"epoch": 1, "f1": 0.7}, {"epoch": 2, "f1": 0.8})
        histories = run.fit([second], share=0.2, at_once=1)
    assert list(histories) == ["two"]
    assert trained.asked == [None, 1]
    assert history_lines(run) == ["fit,epoch,loss,f1", "one,1,0.5,", "two,1,,0.7", "two,2,,0.8"]


def test_the_first_line_says_when_data_is_a_sample(tmp_path):
    sample = Provenance("simulated", "sample", 10, "b" * 64)
    with open_(tmp_path) as run:
        run.use(sample, "SAMPLE DATA: not the real rows.")
        run.finish([RESULT])
        run.show()
    lines = run.console.file.getvalue().splitlines()
    assert lines[0] == "SAMPLE DATA: not the real rows."
    assert any(line.startswith("SAMPLE DATA: toy") for line in lines[1:])


def test_a_run_refused_before_it_began_leaves_no_folder(tmp_path):
    with open_(tmp_path) as before:
        before.use(ROWS)

    def refuse(**options):
        with open_(tmp_path, **options):
            raise InputError("bad rows")

    with pytest.raises(InputError):
        refuse()
    assert {path.name for path in (tmp_path / "toy").iterdir()} == {before.folder.name, "latest"}
    with pytest.raises(InputError):
        refuse(resume=True)
    assert (tmp_path / "toy" / "latest" / "metrics.json").exists()


def test_resume_opens_the_newest_run_of_the_same_settings(tmp_path):
    with open_(tmp_path) as first:
        first.state_folder.mkdir()
    with open_(tmp_path, Config(epochs=4)):
        pass
    with open_(tmp_path, resume=True) as again:
        assert again.folder == first.folder
        assert again.state_folder.exists()
        again.use(ROWS)
    assert (tmp_path / "toy" / "latest").resolve() == first.folder


def test_resume_with_nothing_to_resume_begins_anew(tmp_path):
    with open_(tmp_path, resume=True) as run:
        assert not (run.folder / "metrics.json").exists()
        assert not run.is_done


def test_without_resume_every_run_has_a_folder_of_its_own(tmp_path):
    with open_(tmp_path) as first, open_(tmp_path) as second:
        assert first.folder != second.folder


def test_a_finished_run_is_seen_as_done_on_resume(tmp_path):
    with open_(tmp_path) as run:
        run.use(ROWS)
        run.finish([RESULT])
        run.state_folder.mkdir()  # as if killed before this was removed
    with open_(tmp_path, resume=True) as again:
        assert again.is_done
        assert not again.state_folder.exists()
        assert again.metrics["results"] == [RESULT]


def test_ctrl_c_leaves_the_status_interrupted(tmp_path):
    def interrupt():
        with open_(tmp_path) as run:
            run.use(ROWS)
            folders.append(run)
            raise KeyboardInterrupt

    folders = []
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert metrics(folders[0])["status"] == "interrupted"
    with open_(tmp_path, resume=True) as run:
        assert run.metrics["status"] == "running"


def test_going_on_with_other_rows_is_refused(tmp_path):
    with open_(tmp_path) as run:
        run.use(ROWS)
    other = dataclasses.replace(ROWS, sha256="b" * 64)
    with open_(tmp_path, resume=True) as run, pytest.raises(InputError, match="other rows"):
        run.use(other)


def test_a_run_in_use_is_not_touched_by_a_second_process(tmp_path):
    with open_(tmp_path), pytest.raises(InputError, match="Another process"):
        open_(tmp_path, resume=True).__enter__()


def test_half_written_leftovers_of_a_kill_are_swept_on_resume(tmp_path):
    with open_(tmp_path) as run:
        (run.folder / "figures").mkdir()
        (run.folder / "figures" / ".partial-7-a.png").touch()
    with open_(tmp_path, resume=True) as run:
        assert not list(run.folder.rglob(".partial-*"))


def test_an_output_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="choose another folder with --output"):
        open_(tmp_path / "file").__enter__()
