import errno
import os

import pytest

from keras_suite.errors import InputError
from keras_suite.terminal import files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole_and_an_error_while_writing_leaves_it_and_nothing_else(tmp_path):
    file = tmp_path / "new" / "a.txt"
    with files.whole(file) as partial:
        partial.write_text("all of it")
        assert not file.exists()

    def fail_halfway():
        with files.whole(file) as partial:
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert file.read_text() == "all of it"
    assert names(file.parent) == ["a.txt"]


def test_two_writers_of_one_file_do_not_meet_though_containers_give_them_one_process_number(
    tmp_path,
):
    file = tmp_path / "a.txt"
    with files.whole(file) as first:
        first.write_text("first")
        with files.whole(file) as second:
            second.write_text("second")
        assert file.read_text() == "second"
    assert file.read_text() == "first"


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO])
def test_a_drive_without_locks_is_a_sentence_that_names_it(tmp_path, monkeypatch, code):
    def flock(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", flock)
    says = f"^{tmp_path} cannot be locked .* choose a folder on another drive"
    with pytest.raises(InputError, match=says), files.held(tmp_path / "lock", "busy"):
        pass
    (tmp_path / "lock").touch()
    assert files.is_held(tmp_path / "lock") is None


def test_a_lock_is_looked_at_without_writing(tmp_path):
    lock = tmp_path / "lock"
    assert files.is_held(lock) is False
    assert not lock.exists()
    with files.held(lock, "busy"):
        assert files.is_held(lock) is True
    lock.touch()
    lock.chmod(0o444)
    assert files.is_held(lock) is False


def test_a_folder_replaces_a_folder_and_a_link_a_link_whose_target_is_left_alone(tmp_path):
    for name in ("one", "two"):
        with files.whole(tmp_path / "folder") as partial:
            (partial / "deep").mkdir(parents=True)
            (partial / "deep" / name).touch()
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept").touch()
        with files.whole(tmp_path / "latest") as partial:
            partial.symlink_to(name)
    assert names(tmp_path / "folder" / "deep") == ["two"]
    assert (tmp_path / "latest").resolve().name == "two"
    assert names(tmp_path / "one") == ["kept"]


def test_sweep_removes_what_a_kill_left_and_nothing_else(tmp_path):
    (tmp_path / "deep" / ".partial-1-folder").mkdir(parents=True)
    for name in ("deep/.partial-1-folder/file", ".partial-2-file", "kept"):
        (tmp_path / name).touch()
    files.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "kept"]
