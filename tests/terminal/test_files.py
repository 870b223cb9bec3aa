import pytest

from keras_suite.terminal import files


def test_a_file_appears_whole(tmp_path):
    with files.whole(tmp_path / "new" / "a.txt") as partial:
        partial.write_text("all of it")
        assert not (tmp_path / "new" / "a.txt").exists()
    assert (tmp_path / "new" / "a.txt").read_text() == "all of it"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.txt"]


def test_an_error_while_writing_leaves_the_old_file_and_nothing_else(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("old")

    def fail_halfway():
        with files.whole(file) as partial:
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_two_processes_may_write_one_file_at_once(tmp_path, monkeypatch):
    with files.whole(tmp_path / "a.txt") as first:
        first.write_text("first")
        monkeypatch.setattr(files.os, "getpid", lambda: 1)
        with files.whole(tmp_path / "a.txt") as second:
            second.write_text("second")
        assert (tmp_path / "a.txt").read_text() == "second"
    assert (tmp_path / "a.txt").read_text() == "first"


def test_a_folder_replaces_a_folder(tmp_path):
    for text in ("old", "new"):
        with files.whole(tmp_path / "folder") as partial:
            (partial / "deep").mkdir(parents=True)
            (partial / "deep" / text).write_text(text)
    assert [path.name for path in (tmp_path / "folder" / "deep").iterdir()] == ["new"]


def test_a_link_is_replaced_and_its_target_left_alone(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept").touch()
        with files.whole(tmp_path / "latest") as partial:
            partial.symlink_to(name)
    assert (tmp_path / "latest").resolve().name == "two"
    assert (tmp_path / "one" / "kept").exists()


def test_sweep_removes_what_a_kill_left_and_nothing_else(tmp_path):
    (tmp_path / "deep" / ".partial-1-folder").mkdir(parents=True)
    (tmp_path / "deep" / ".partial-1-folder" / "file").touch()
    (tmp_path / ".partial-2-file").touch()
    (tmp_path / "kept").touch()
    files.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "kept"]
