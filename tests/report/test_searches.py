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
    folder = write_search(tmp_path, objective="val_loss")
    (folder / "search.json").write_text(json.dumps({"objective": "val_loss, min"}))
    assert read_search(folder).best[0][0] == "0000"
    (folder / "search.json").unlink()
    assert read_search(folder).best[0][0] == "0000"


def test_hyperparameters_may_be_called_as_what_every_trial_has(tmp_path):
    folder = write_search(tmp_path, trials=1)
    table = (folder / "trials.csv").read_text().replace("learning_rate", "score", 1)
    (folder / "trials.csv").write_text(table)
    assert read_search(folder).best[0][1:4] == ["0.5000", "3", "0.001"]


def test_sample_rows_are_known(tmp_path):
    assert read_search(write_search(tmp_path, data=SAMPLE)).data_kind == "sample"


def cut(file):
    file.write_text(file.read_text()[:300])


def another_table(file):
    file.write_text("a,b\n1,2\n")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda file: file.unlink(), "trials.csv has no trials"),
        (another_table, "trials.csv has no trials"),
        (lambda file: file.write_text(""), "trials.csv has no trials"),
        (lambda file: file.write_bytes(b"\xff"), "trials.csv cannot be read"),
    ],
)
def test_a_broken_table_is_named_with_the_reason(tmp_path, spoil, reason):
    folder = write_search(tmp_path)
    spoil(folder / "trials.csv")
    search = read_search(folder)
    assert search.problems[0].startswith(reason)
    assert search.best == []


def test_a_table_cut_in_the_middle_of_a_row_is_read_up_to_there(tmp_path):
    folder = write_search(tmp_path)
    cut(folder / "trials.csv")
    assert len(read_search(folder).best) >= 2


def test_searches_are_those_in_the_folder_tuning(tmp_path):
    assert read_searches(tmp_path) == []
    write_search(tmp_path, "b")
    write_search(tmp_path, "a")
    assert [search.name for search in read_searches(tmp_path)] == ["a", "b"]
