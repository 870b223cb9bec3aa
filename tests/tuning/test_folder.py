import dataclasses

import pytest
from keras_suite.tuning.folder import open_search, provenance, record, require_same, trial_history

from keras_suite.data.provenance import Provenance
from keras_suite.errors import InputError

SETTINGS = {"experiment": "toy", "factor": 3, "sizes": (1, 2)}
DATA = Provenance("a toy", "sample", 120, "a" * 64)


@pytest.fixture
def searched(tmp_path):
    """A folder with a search that has left a trial."""
    folder = tmp_path / "toy"
    with open_search(folder, SETTINGS):
        record(folder, SETTINGS, DATA)
        (folder / "trial_0000").mkdir()
    return folder


def refused(folder, settings=SETTINGS, **flags) -> str:
    with pytest.raises(InputError) as refusal, open_search(folder, settings, **flags):
        pass
    return str(refusal.value)


def test_a_search_there_already_is_neither_removed_nor_gone_on_with_unasked(searched):
    sentence = refused(searched)
    assert "--resume" in sentence
    assert "--overwrite" in sentence
    assert (searched / "trial_0000").exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"factor": 4}, "factor (3, now 4)."), ({"sizes": list(range(100))}, "sizes. Choose")],
)
def test_a_different_search_is_refused_with_what_differs(searched, changes, told):
    assert f"different search: {told}" in refused(searched, SETTINGS | changes, resume=True)


def test_the_same_search_of_the_same_rows_is_gone_on_with_by_one_process_at_a_time(searched):
    (searched / ".partial-1-oracle.json").touch()  # a kill left it half written
    with open_search(searched, SETTINGS, resume=True):
        record(searched, SETTINGS, DATA)
        assert (searched / "trial_0000").exists()
        assert not list(searched.glob(".partial-*"))
        assert "Another process" in refused(searched, resume=True)
        with pytest.raises(InputError, match="other rows"):
            record(searched, SETTINGS, dataclasses.replace(DATA, sha256="b" * 64))
    assert provenance(searched) == DATA


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "\0" * 99, "[" * 100_000, '{"data": 3}'])
def test_a_damaged_search_is_a_sentence_and_can_be_begun_anew(searched, text):
    (searched / "search.json").write_text(text)
    with (
        pytest.raises(InputError, match=r"search.json is damaged .* --overwrite\."),
        open_search(searched, SETTINGS, resume=True),
    ):
        provenance(searched)
    with open_search(searched, SETTINGS, overwrite=True):
        record(searched, SETTINGS, DATA)
    assert provenance(searched) == DATA


def test_a_trials_damaged_epochs_are_a_sentence(searched):
    assert trial_history(searched, "0000") == []
    for name in ("state.npz", "history.json"):
        (searched / "trial_0000" / name).write_bytes(b"cut")
        with pytest.raises(InputError, match=f"{name} is damaged"):
            trial_history(searched, "0000")


def test_overwrite_removes_the_search_and_only_a_search(searched, tmp_path):
    (searched / "trial_0001").mkdir()
    with open_search(searched, SETTINGS | {"factor": 4}, overwrite=True):
        assert [path.name for path in searched.iterdir()] == [".lock"]
    thesis = tmp_path / "home" / "thesis.tex"
    thesis.parent.mkdir()
    thesis.touch()
    assert "holds other files than a search" in refused(thesis.parent, overwrite=True)
    assert thesis.exists()


def test_a_killed_overwrite_can_be_done_again(searched):
    """What makes the folder a search is removed last."""
    (searched / "trial_0000").rmdir()
    with open_search(searched, SETTINGS, overwrite=True):
        assert not (searched / "search.json").exists()


def test_resume_where_there_is_nothing_begins_but_not_in_a_file_nor_without_a_chief(tmp_path):
    with open_search(tmp_path / "new", SETTINGS, resume=True):
        assert (tmp_path / "new").is_dir()
    with pytest.raises(InputError, match="needs the --output of the chief"):
        require_same(tmp_path, SETTINGS)
    (tmp_path / "file").touch()
    assert "cannot be made" in refused(tmp_path / "file" / "toy")
