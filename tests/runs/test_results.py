import io

import pytest
from rich.console import Console

from keras_suite.runs.results import compare, results_table

WHAT = {"model": "A", "protocol": "clean", "split": "test"}
REPORTED = [(WHAT, {"f1": 0.75, "tp": 59})]


def printed(measured, reported=(), **kwargs) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(results_table(compare(measured, reported), **kwargs))
    assert "…" not in console.file.getvalue()
    return console.file.getvalue()


def test_a_measurement_stands_beside_the_reported_one_of_its_split_decision_and_group_alone():
    results = compare([(WHAT, {"f1": 0.7, "roc_auc": 0.9, "tp": 60})], REPORTED)
    assert results == [
        WHAT | {"metric": "f1", "direction": "max", "reported": 0.75, "reproduced": 0.7},
        WHAT | {"metric": "roc_auc", "direction": "max", "reported": None, "reproduced": 0.9},
        WHAT | {"metric": "tp", "direction": None, "reported": 59, "reproduced": 60},
    ]
    others = {}, {"split": "train"}, {"decision": "tuned"}, {"group": "by class"}
    results = compare([(WHAT | what, {"f1": i / 10}) for i, what in enumerate(others)], REPORTED)
    assert [entry["reproduced"] for entry in results] == [0, 0.1, 0.2, 0.3]
    assert [entry["reported"] for entry in results] == [0.75, None, None, None]


def test_the_order_of_keys_and_empty_ones_do_not_matter():
    turned = {"split": "test", "protocol": "clean", "model": "A"}
    empty = WHAT | {"decision": "", "group": None}
    for reported in (WHAT, turned, empty):
        (entry,) = compare([(turned, {"f1": 0.6}), (empty, {"f1": 0.8})], [(reported, {"f1": 0.5})])
        assert (entry["reported"], entry["values"]) == (0.5, [0.6, 0.8])
        assert not {"decision", "group"} & set(entry)


def test_repeats_become_mean_and_deviation_unless_they_are_one_whole_number():
    mean, count = compare([(WHAT, {"f1": value, "tp": 7}) for value in (0.6, 0.7, 0.8)], [])
    assert (mean["reproduced"], mean["std"]) == pytest.approx((0.7, 0.1))
    assert mean["values"] == [0.6, 0.7, 0.8]
    assert count["reproduced"] == 7
    assert not {"std", "values"} & set(count)


def test_the_table_shows_one_split_with_reported_figures_in_brackets_and_the_spread():
    spread = [(WHAT, {"loss": value}) for value in (0.6, 0.8)]
    measured = [(WHAT, {"f1": 0.7, "tp": 1234}), *spread, (WHAT | {"split": "train"}, {"f1": 0.9})]
    text = printed(measured, REPORTED, split="test", title="fraud")
    for part in ("fraud", "0.7000 (0.75)", "1,234 (59)", "±0.1414"):
        assert part in text
    assert "0.9000" not in text


def test_a_table_holds_one_group_of_one_part_and_is_named_by_both():
    places = {"split": "test"}, {"split": "test", "group": "by class"}, {"group": "cost"}
    measured = [({"model": "A"} | place, {"loss": i + 0.5}) for i, place in enumerate(places)]
    for i, place in enumerate(places):
        head, _, row = printed(measured, **place).strip().splitlines()
        assert head.split() == [*", ".join(place.values()).split(), "A"]
        assert row.split() == ["loss", f"{i + 0.5:.4f}"]


def six_models(**metrics):
    names = [(r, n) for r in ("feature-based", "fine-tuned") for n in (1, 2, 3)]
    return [({"model": f"model {n}", "protocol": r, "split": "test"}, metrics) for r, n in names]


def test_six_models_fit_side_by_side_on_a_terminal_and_with_few_metrics_have_a_row_each():
    models = six_models(accuracy=0.9, f1=0.8, loss=0.3, tp=1117, fp=9, fn=8, tn=1068)
    text = printed(models, models, split="test")
    assert text.count("feature-") == 3
    assert (text.count("0.9000"), text.count("(0.9)")) == (6, 6)
    assert text.count("1,117") == 2 * 6
    assert "in brackets: as reported" in text
    models = six_models(parameters=109_483_009, trainable=769, seconds_to_fill_cache=12.5)
    text = printed(models, split="test")
    (line,) = (line for line in text.splitlines() if "model 2, fine-tuned" in line)
    assert line.split()[-3:] == ["109,483,009", "769", "12.5"]
    assert "reported" not in text


def test_names_are_no_markup():
    console = Console(file=io.StringIO(), width=120)
    entry = {"model": "net [fast]", "metric": "f1 [/red]", "reproduced": 0.5, "split": "test"}
    console.print(results_table([entry], "test", "fraud, creditcard [copy].csv"))
    text = console.file.getvalue()
    assert [name for name in ("net [fast]", "f1 [/red]", "[copy].csv") if name not in text] == []
