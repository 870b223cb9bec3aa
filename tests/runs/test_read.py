import json
import re
import shutil

import pytest

from keras_suite.errors import InputError
from keras_suite.runs.read import find_runs, read_run, read_runs
from keras_suite.terminal import files
from tests.report.run_folders import SAMPLE, metrics, write_run


def test_a_finished_run_is_read_whole_and_an_older_one_lacks_things_without_being_broken(tmp_path):
    folder = write_run(tmp_path)
    record = read_run(folder)
    assert (record.status, record.problems, record.name) == ("done", (), "toy")
    assert (record.data_kind, record.total_seconds, record.config["epochs"]) == ("real", 608, 3)
    assert [row["val_loss"] for row in record.history] == ["0.5", "0.25"]
    assert [entry.metric for entry in record.entries] == ["accuracy", "loss", "f1"]
    older = {k: v for k, v in metrics().items() if k in ("status", "results", "data")}
    (folder / "metrics.json").write_text(json.dumps(older))
    (folder / "history.csv").unlink()
    record = read_run(folder)
    assert (record.status, record.problems, record.name) == ("done", (), "toy")
    assert (record.metrics["command"], record.metrics["about"]) == ("", "")


def test_running_without_a_process_is_killed(tmp_path):
    folder = write_run(tmp_path, status="running", results=[])
    assert read_run(folder).status == "killed"
    (folder / ".lock").touch()
    assert read_run(folder).status == "killed"
    with files.held(folder / ".lock", "busy"):
        assert read_run(folder).status == "running"


NOT_WHOLE, NO_STATUS = "metrics.json is not whole JSON", "no status that a run has"
DAMAGED = [
    ("metrics.json", json.dumps(metrics())[:200], "broken", NOT_WHOLE),
    ("metrics.json", b"\xff\xfe\x00", "broken", NOT_WHOLE),
    ("metrics.json", "[" * 200_000, "broken", NOT_WHOLE),
    ("metrics.json", None, "broken", "there is no metrics.json"),
    ("metrics.json", dict, "broken", "metrics.json cannot be read (Is a directory)"),
    ("metrics.json", "[1, 2]", "broken", "holds no JSON object"),
    ("metrics.json", '{"results": []}', "broken", NO_STATUS),
    ("metrics.json", json.dumps(metrics(status="asleep")), "broken", NO_STATUS),
    ("metrics.json", json.dumps(metrics(results=[{}, {}])), "done", "2 of 2 results cannot be"),
    ("config.json", "{", "done", "config.json is not whole JSON"),
    ("history.csv", b"a,b\n\xff,1\n", "done", "history.csv cannot be read"),
]


@pytest.mark.parametrize(("name", "content", "status", "problem"), DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_named_with_the_reason(tmp_path, name, content, status, problem):
    file = write_run(tmp_path) / name
    file.unlink()
    if content is dict:
        file.mkdir()
    elif content:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    record = read_run(file.parent)
    assert record.status == status
    assert problem in record.problems[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seconds", {"total": "long"}), ("seconds", [1]), ("parameters", {"total": None}),
        ("data", "rows.csv"), ("data", {"source": 3, "rows": 3}), ("environment", 3),
        ("command", ["python"]), ("results", {"f1": 3}),
    ],
)  # fmt: skip
def test_what_is_not_of_its_type_is_named_and_left_out(tmp_path, name, value):
    record = read_run(write_run(tmp_path, **{name: value}))
    problem = f"{name} in metrics.json is not of its type"
    assert (record.problems, record.status) == ((problem,), "done")
    assert not record.metrics[name]


def test_runs_are_found_by_experiment_the_newest_first(tmp_path):
    newest = write_run(tmp_path, "20260103-120000-0a1b2c3d")
    write_run(tmp_path, "20260101-120000-0a1b2c3d", data=SAMPLE)
    write_run(tmp_path, experiment="other")
    (tmp_path / "toy" / "latest").symlink_to(newest.name)
    (tmp_path / "toy" / "notes.txt").touch()
    for folder in ("toy/.partial-7-latest", "tuning/toy", "empty"):
        (tmp_path / folder).mkdir(parents=True)
    found = read_runs(tmp_path)
    assert list(found) == ["other", "toy"]
    assert [each.folder.name[:8] for each in found["toy"]] == ["20260103", "20260101"]
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


def test_a_run_is_named_by_folder_link_or_experiment_and_all_runs_by_their_folder(tmp_path):
    first, second = make(tmp_path, "good"), make(tmp_path, "better")
    for named in (first, first.parent / "latest", first.parent):
        (run,), refused = find_runs([named])
        assert (run.folder, run.saved_model) == (first, first / "serving" / "good" / "1")
        assert refused == []
    (tmp_path / "tuning" / "a" / "20260101").mkdir(parents=True)  # searches are no runs
    make(tmp_path, "halted", status="interrupted")
    make(tmp_path, "bare", exported=False)
    (make(tmp_path, "torn") / "metrics.json").write_text('{"experiment": "to')
    (make(tmp_path, "gone") / "metrics.json").unlink()
    shutil.rmtree(make(tmp_path, "removed"))
    runs, refused = find_runs([tmp_path])
    assert [run.folder for run in runs] == [second, first]
    bare, gone, halted, removed, torn = refused
    assert "has no export (serving/bare/1)" in bare
    assert "is not done (its status is interrupted)" in halted
    for name, sentence in (("gone", gone), ("removed", removed), ("torn", torn)):
        assert re.search(f"{name}.*metrics.json cannot be read", sentence)


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        (["good", "running"], "not done"),  # one named by itself must be usable
        (["good", "bare"], "no export"),
        (["."], r"bare/.* has no export .*running/.* is not done"),
        (["empty"], "empty is neither a run's folder nor"),
        ([], "Name a run's folder"),
    ],
)
def test_where_nothing_can_be_used_the_reasons_are_given(tmp_path, named, sentence):
    if named != ["."]:
        make(tmp_path, "good")
    make(tmp_path, "running", status="running")
    make(tmp_path, "bare", exported=False)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=sentence):
        find_runs([tmp_path / name for name in named])
