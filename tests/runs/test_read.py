import json
import shutil

import pytest

from keras_suite.errors import InputError
from keras_suite.runs.read import find_runs, read_run, read_runs
from keras_suite.terminal import files
from tests.report.run_folders import SAMPLE, metrics, result, write_run


def test_a_finished_run_is_read_whole(tmp_path):
    record = read_run(write_run(tmp_path))
    assert (record.status, record.data_kind, record.name) == ("done", "real", "toy")
    assert record.problems == ()
    assert record.total_seconds == 608
    assert record.config["epochs"] == 3
    assert [row["val_loss"] for row in record.history] == ["0.5", "0.25"]
    assert [entry.metric for entry in record.entries] == ["accuracy", "loss", "f1"]


def test_an_older_run_lacks_things_without_being_broken(tmp_path):
    folder = write_run(tmp_path)
    older = {k: v for k, v in metrics().items() if k in ("status", "results", "data")}
    (folder / "metrics.json").write_text(json.dumps(older))
    (folder / "history.csv").unlink()
    record = read_run(folder)
    assert (record.status, record.problems) == ("done", ())
    assert (record.metrics["command"], record.metrics["about"]) == ("", "")
    assert record.name == "toy"


def test_running_without_a_process_is_killed(tmp_path):
    folder = write_run(tmp_path, status="running", results=[])
    assert read_run(folder).status == "killed"
    (folder / ".lock").touch()
    assert read_run(folder).status == "killed"
    with files.held(folder / ".lock", "busy"):
        assert read_run(folder).status == "running"


def cut_in_the_middle(file):
    file.write_text(file.read_text()[:200])


def not_text(file):
    file.write_bytes(b"\xff\xfe\x00")


def nothing(file):
    file.unlink()


def a_folder(file):
    file.unlink()
    file.mkdir()


def a_list(file):
    file.write_text("[1, 2]")


def too_deep(file):
    file.write_text("[" * 200_000)


def without_status(file):
    file.write_text('{"results": []}')


def of_no_status(file):
    file.write_text(json.dumps(metrics(status="asleep")))


BREAKING = {
    cut_in_the_middle: "not whole JSON",
    not_text: "not whole JSON",
    nothing: "there is no metrics.json",
    a_folder: "metrics.json cannot be read (Is a directory)",
    a_list: "holds no JSON object",
    too_deep: "not whole JSON",
    without_status: "no status that a run has",
    of_no_status: "no status that a run has",
}


@pytest.mark.parametrize("spoil", BREAKING)
def test_a_broken_run_is_named_with_the_reason(tmp_path, spoil):
    folder = write_run(tmp_path)
    spoil(folder / "metrics.json")
    record = read_run(folder)
    assert record.status == "broken"
    assert BREAKING[spoil] in record.problems[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seconds", {"total": "long"}),
        ("seconds", [1]),
        ("parameters", {"total": None}),
        ("data", "rows.csv"),
        ("data", {"source": 3, "rows": 3}),
        ("environment", 3),
        ("command", ["python"]),
        ("results", {"f1": 3}),
    ],
)
def test_what_is_not_of_its_type_is_named_and_left_out(tmp_path, name, value):
    record = read_run(write_run(tmp_path, **{name: value}))
    assert record.problems == (f"{name} in metrics.json is not of its type",)
    assert not record.metrics[name]
    assert record.status == "done"


def test_other_files_that_cannot_be_read_are_named(tmp_path):
    folder = write_run(tmp_path, results=[result(), "x"])
    (folder / "config.json").write_text("{")
    (folder / "history.csv").write_bytes(b"a,b\n\xff,1\n")
    results, config, history = read_run(folder).problems
    assert results == "1 of 2 results cannot be read"
    assert config.startswith("config.json is not whole JSON")
    assert history.startswith("history.csv cannot be read")


def test_runs_are_found_by_experiment_the_newest_first(tmp_path):
    newest = write_run(tmp_path, "20260103-120000-0a1b2c3d")
    write_run(tmp_path, "20260101-120000-0a1b2c3d", data=SAMPLE)
    write_run(tmp_path, experiment="other")
    (tmp_path / "toy" / "latest").symlink_to(newest.name)
    (tmp_path / "toy" / ".partial-7-latest").mkdir()
    (tmp_path / "toy" / "notes.txt").touch()
    (tmp_path / "tuning" / "toy").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    found = read_runs(tmp_path)
    assert list(found) == ["other", "toy"]
    assert [each.folder.name[:8] for each in found["toy"]] == ["20260103", "20260101"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_runs(tmp_path / "none")


def make(runs, experiment, status="done", exported=True):
    """A folder that looks like a run's whose model is exported."""
    folder = write_run(runs, experiment=experiment, status=status)
    if exported:
        saved_model = folder / "serving" / experiment / "1"
        saved_model.mkdir(parents=True)
        (saved_model / "saved_model.pb").touch()
    (folder.parent / "latest").symlink_to(folder.name)
    return folder


@pytest.mark.parametrize("named", ["runs/a/20260101-120000-0a1b2c3d", "runs/a/latest", "runs/a"])
def test_a_finished_run_is_found_by_its_folder_its_link_and_its_experiment(tmp_path, named):
    folder = make(tmp_path / "runs", "a")
    (run,), refused = find_runs([tmp_path / named])
    assert run.folder == folder
    assert run.saved_model == folder / "serving" / "a" / "1"
    assert refused == []


def test_the_folder_of_all_runs_stands_for_the_latest_of_each_experiment(tmp_path):
    first, second = make(tmp_path, "a"), make(tmp_path, "b")
    (tmp_path / "tuning" / "a" / "20260101").mkdir(parents=True)  # searches are no runs
    runs, refused = find_runs([tmp_path])
    assert [run.folder for run in runs] == [first, second]
    assert refused == []


def test_what_cannot_be_used_among_all_runs_is_left_out_with_a_sentence(tmp_path):
    good = make(tmp_path, "good")
    make(tmp_path, "halted", status="interrupted")
    make(tmp_path, "bare", exported=False)
    (make(tmp_path, "torn") / "metrics.json").write_text('{"experiment": "to')
    (make(tmp_path, "gone") / "metrics.json").unlink()
    shutil.rmtree(make(tmp_path, "removed"))
    runs, refused = find_runs([tmp_path])
    assert [run.folder for run in runs] == [good]
    bare, gone, halted, removed, torn = refused
    assert "has no export (serving/bare/1)" in bare
    assert "gone" in gone
    assert "cannot be read" in gone
    assert "is not done (its status is interrupted)" in halted
    assert "metrics.json cannot be read" in removed
    assert "metrics.json cannot be read" in torn


@pytest.mark.parametrize(
    ("spoiled", "sentence"),
    [({"status": "running"}, "not done"), ({"exported": False}, "no export")],
)
def test_a_run_named_by_itself_must_be_usable(tmp_path, spoiled, sentence):
    make(tmp_path, "good")
    make(tmp_path, "bad", **spoiled)
    with pytest.raises(InputError, match=sentence):
        find_runs([tmp_path / "good", tmp_path / "bad"])


def test_a_folder_without_runs_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty is neither a run's folder nor"):
        find_runs([tmp_path / "empty"])
    with pytest.raises(InputError, match="missing is neither"):
        find_runs([tmp_path / "missing"])
    with pytest.raises(InputError, match="Name a run's folder"):
        find_runs([])


def test_where_no_experiment_has_a_usable_run_all_reasons_are_given(tmp_path):
    make(tmp_path, "a", status="running")
    make(tmp_path, "b", exported=False)
    with pytest.raises(InputError, match=r"a/.* is not done .*b/.* has no export"):
        find_runs([tmp_path])
