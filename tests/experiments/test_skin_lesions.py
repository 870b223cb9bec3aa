import dataclasses

import numpy as np
import pytest
from keras_suite.experiments import skin_lesions
from keras_suite.experiments.skin_lesions import BALANCE, CLASSES

from keras_suite.tasks.skin_lesions import dermamnist
from tests.experiments.processes import finished, quick

QUICK = quick(skin_lesions)


def test_the_reported_figures_stand_with_the_part_that_has_as_many_images():
    sizes = {part: sum(counts) for part, counts in dermamnist.COUNTS.items()}
    assert sizes == {"train": 7007, "val": 1003, "test": 2005}
    reported = {(w["split"], w.get("group")): figures for w, figures in skin_lesions.REPORTED}
    assert reported["test", None]["accuracy"] == 0.71  # of the 2,005
    assert reported["validation", None]["accuracy"] == 0.68  # of the 1,003
    for part in ("train", "validation", "test"):
        by_class = list(reported[part, "by class"].values())
        assert np.mean(by_class) == pytest.approx(reported[part, None]["f1"], abs=0.01)


def test_the_remedies_differ_in_rows_and_augmentation_and_nothing_else(data):
    variants = skin_lesions.variants(QUICK)
    assert [each.model for each in variants] == list(BALANCE)
    sizes = set()
    for each in variants:
        rows = skin_lesions.split(each.config, data)
        network = skin_lesions.build(each.config, rows)
        sizes.add((len(rows.train), network.count_params()))
        assert np.array_equal(rows.train.labels, data.split.train[1][: len(rows.train)])
        assert (rows.train.sampling, rows.train.weighting) == {
            "weights": (0, 1), "sampling": (1, 0), "combined": (0.5, 0.5),
        }.get(each.model, (0, 0))  # fmt: skip
        names = [layer.name for layer in network.layers]
        assert ("augmentation" in names) == (each.model in ("augmentation", "combined"))
    assert len(sizes) == 1


def test_only_so_many_training_images_are_used_and_all_others(data):
    rows = skin_lesions.split(dataclasses.replace(QUICK, remedy="plain", train_images=100), data)
    assert [len(part) for part in rows.parts().values()] == [
        100, len(data.split.validation[1]), len(data.split.test[1]),
    ]  # fmt: skip


def test_recalls_have_the_balanced_accuracy_as_mean_and_intervals_hold_their_figure(quick_run):
    figures, history = quick_run.figures, quick_run.history
    assert "recall vasc" in quick_run.out
    for remedy in BALANCE:
        recalls = [figures[remedy, "test, by class", f"recall {name}"] for name in CLASSES]
        assert figures[remedy, "test", "balanced_accuracy"] == pytest.approx(np.mean(recalls))
        last = [row for row in history if row["fit"].startswith(remedy)][-1]
        measured = figures[remedy, "validation", "balanced_accuracy"]
        assert float(last["val_balanced_accuracy"]) == pytest.approx(measured, abs=1e-6)
        low, high = (
            figures[remedy, "test, 95 % interval", f"accuracy {end}"] for end in ("from", "to")
        )
        assert low <= figures[remedy, "test", "accuracy"] <= high
    best = max(BALANCE, key=lambda each: figures[each, "validation", "balanced_accuracy"])
    assert quick_run.metrics["exported"] == best


def test_a_class_without_test_images_is_named_and_no_figure_is_not_a_number(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {}
    for part, labels in {"train": 6, "val": 7, "test": 3}.items():  # 3 to 6 are not tested
        arrays[f"{part}_images"] = rng.integers(0, 256, (42, 28, 28, 3), dtype=np.uint8)
        arrays[f"{part}_labels"] = np.arange(42) % labels
    np.savez(tmp_path / "dermamnist.npz", **arrays)
    flags = ("--preset", "quick", "--data-dir", tmp_path, "--remedy", "weights")
    figures, said = finished("skin_lesions", *flags, output=tmp_path)
    assert "Of train, no row is of class vasc, which has no precision" in said
    assert "Of test, no row is of class df, mel, nv, vasc, which has" in said
    assert "Of validation" not in said
    tested = {metric.split()[1] for _, table, metric in figures if table == "test, by class"}
    assert tested == {"akiec", "bcc", "bkl"}
    assert np.isfinite(list(figures.values())).all()
