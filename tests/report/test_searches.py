import json

import pytest

from keras_suite.report.searches import read_search, read_searches
from tests.report.run_folders import SAMPLE, write_search


def test_the_leaderboard_is_the_ten_best_trials(tmp_path):
    search = read_search(write_search(tmp_path, trials=12))
    assert search.objective == "val_accuracy"
    assert search.hyperparameters == ["learning_rate", "targets"]
    assert [trial for trial, *_ in search.best] == [f"{i:04}" for i in range(11, 1, -1)]
    assert search.best[0] == ["0011", "0.6100", "3", "0.012", "query key"]
    assert search.statuses == {"completed": 12, "failed": 1}
    assert search.settings == {"learning_rate": 0.012}
    assert (search.data_kind, search.problems) == ("real", [])


def test_a_loss_is_best_where_it_is_smallest(tmp_path):
    folder = write_search(tmp_path, objective="val_loss", data=SAMPLE)
    assert read_search(folder).data_kind == "sample"
    (folder / "search.json").write_text(json.dumps({"objective": "val_loss, min"}))
    assert read_search(folder).best[0][0] == "0000"
    (folder / "search.json").unlink()
    assert read_search(folder).best[0][0] == "0000"


def test_hyperparameters_may_be_called_as_what_every_trial_has(tmp_path):
    trials = write_search(tmp_path, trials=1) / "trials.csv"
    trials.write_text(trials.read_text().replace("learning_rate", "score", 1))
    assert read_search(trials.parent).best[0][1:4] == ["0.5000", "3", "0.001"]


@pytest.mark.parametrize(
    ("content", "reason"), [(b"a,b\n1,2\n", "has no trials"), (b"", "has no trials"),
                            (b"\xff", "cannot be read"), (None, "has no trials")],
)  # fmt: skip
def test_a_broken_table_is_named_with_the_reason(tmp_path, content, reason):
    file = write_search(tmp_path) / "trials.csv"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    search = read_search(file.parent)
    assert search.problems[0].startswith(f"trials.csv {reason}")
    assert search.best == []


def test_searches_are_those_in_the_folder_tuning_cut_tables_read_up_to_the_cut(tmp_path):
    assert read_searches(tmp_path) == []
    write_search(tmp_path, "b")
    cut = write_search(tmp_path, "a") / "trials.csv"
    cut.write_text(cut.read_text()[:260])  # in the middle of a row
    found = {search.name: len(search.best) for search in read_searches(tmp_path)}
    assert found == {"a": 3, "b": 10}
    assert list(found) == ["a", "b"]
