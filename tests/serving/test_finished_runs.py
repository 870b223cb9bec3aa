import json

import pytest

from keras_suite.errors import InputError
from keras_suite.serving.finished_runs import find_runs


def make(runs, experiment, status="done", exported=True):
    """A folder that looks like a run's."""
    folder = runs / experiment / "20260101-000000-abcd"
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps({"experiment": experiment, "status": status}))
    if exported:
        saved_model = folder / "serving" / experiment / "1"
        saved_model.mkdir(parents=True)
        (saved_model / "saved_model.pb").touch()
    (folder.parent / "latest").symlink_to(folder.name)
    return folder


@pytest.mark.parametrize("named", ["runs/a/20260101-000000-abcd", "runs/a/latest", "runs/a"])
def test_a_run_is_found_by_its_folder_its_link_and_its_experiment(tmp_path, named):
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
    runs, refused = find_runs([tmp_path])
    assert [run.folder for run in runs] == [good]
    bare, gone, halted, torn = refused
    assert "has no export (serving/bare/1)" in bare
    assert "gone" in gone
    assert "cannot be read" in gone
    assert "is not done (its status is interrupted)" in halted
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
