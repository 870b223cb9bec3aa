import gc
import io
import json
import sys
import weakref
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from rich.console import Console

from keras_suite.cli import run_file
from keras_suite.errors import InputError
from keras_suite.experiment import Trained, Variant, choose, prepare, run
from keras_suite.runs.read import read_rows, read_run
from keras_suite.runs.run import open_run
from keras_suite.serving.served import Served
from tests.experiments.processes import export_problem, figures_of
from tests.tuning.toys import toy

CONFIG = toy.Config(epochs=2)


def toy_with(**changes):
    """The toy experiment with other hooks."""
    return SimpleNamespace(**vars(toy) | changes)


def opened(output, config=CONFIG):
    console = Console(file=io.StringIO(), width=100)
    return open_run("toy", "paper", config, output, console=console)


def ran(output, experiment=toy, config=CONFIG):
    with opened(output, config) as open_:
        run(experiment, config, open_)
    return open_.folder


def metrics(folder):
    return json.loads((folder / "metrics.json").read_text())


def figures(folder):
    return {(e.of, e.table, e.metric): e for e in read_run(folder).entries}


@pytest.fixture(scope="module")
def in_turn(tmp_path_factory):
    return ran(tmp_path_factory.mktemp("in_turn"))


def test_a_run_measures_every_variant_and_what_its_training_cost(in_turn):
    found = figures(in_turn)
    assert {of for of, table, _ in found if table == "test"} == {
        "untrained", "small", "large, twice",
    }  # fmt: skip
    costs = {metric for of, table, metric in found if (of, table) == ("small", "cost")}
    assert costs >= {"parameters", "trainable", "seconds", "seconds_per_epoch", "peak_memory_mb"}
    assert found["small", "cost", "parameters"].reproduced == 4 * 4 + 4 + 4 + 1
    assert not [of for of, table, _ in found if (of, table) == ("untrained", "cost")]
    assert found["small", "test", "mean_error"].reported == 0.5
    fits = [row["fit"] for row in read_rows(in_turn / "history.csv")[0]]
    assert fits == ["small-seed42"] * 2 + ["large-twice-seed42"] * 2


def test_side_by_side_the_figures_are_those_of_one_after_the_other(in_turn, tmp_path):
    together = ran(tmp_path, toy_with(SIDE_BY_SIDE=True))
    assert figures_of(together) == figures_of(in_turn)
    assert not [key for key in figures(together) if key[2] == "peak_memory_mb"]
    assert metrics(together)["exported"] == metrics(in_turn)["exported"]


@pytest.mark.parametrize("side_by_side", [True, False])
def test_networks_are_kept_no_longer_than_they_are_needed(tmp_path, side_by_side):
    built, alive = [], []

    def build(config, rows):
        gc.collect()
        alive.append(sum(each() is not None for each in built))
        network = toy.build(config, rows)
        built.append(weakref.ref(network))
        return network

    ran(tmp_path, toy_with(build=build, SIDE_BY_SIDE=side_by_side))
    assert alive == ([0, 1, 2] if side_by_side else [0, 0, 0])


def test_rows_that_one_variant_cannot_have_are_refused_before_the_first_is_trained(tmp_path):
    def split(config, data):
        if config.units == 8:
            raise InputError("no such rows")
        return toy.split(config, data)

    with pytest.raises(InputError, match="no such rows"):
        ran(tmp_path, toy_with(split=split))
    assert list((tmp_path / "toy").iterdir()) == []


def test_repeats_have_a_mean_and_a_standard_deviation_and_the_first_seed_is_exported(
    in_turn, tmp_path
):
    config = toy.Config(epochs=2, repeats=2)
    trained = prepare(toy, config, toy.load(config))
    seeds = {each.config.seed for each in trained}
    assert (len(trained), seeds) == (6, {42, 43})
    folder = ran(tmp_path, config=config)
    entry = figures(folder)["small", "test", "mean_error"]
    assert len(set(entry.values)) == 2
    assert entry.reproduced == pytest.approx(np.mean(entry.values))
    assert entry.std == pytest.approx(np.std(entry.values, ddof=1))
    assert entry.values[0] == figures(in_turn)["small", "test", "mean_error"].reproduced
    models = [keras.saving.load_model(each / "model.keras") for each in (folder, in_turn)]
    for one, other in zip(*(model.weights for model in models), strict=True):
        assert np.array_equal(one, other)


def scored(name, *values, candidate=True, metric="val_accuracy"):
    trained = Trained(Variant(name, CONFIG, is_candidate=candidate), None, None)
    trained.history = [{metric: value} for value in values]
    return trained


@pytest.mark.parametrize(
    ("objective", "chosen"),
    [("val_accuracy", "second"), ("val_loss", "first"), ("", "first")],
)
def test_the_first_candidate_with_the_best_last_epoch_is_chosen(objective, chosen):
    metric = objective or "val_accuracy"
    others = [
        scored("outside", 0.99, candidate=False, metric=metric),
        scored("first", 0.9, 0.4, metric=metric),
        scored("second", 0.1, 0.6, metric=metric),
        scored("third", 0.6, metric=metric),
    ]
    experiment = SimpleNamespace(**{"OBJECTIVE": objective} if objective else {})
    assert choose(experiment, None, others).name == chosen
    before = scored("before", 0.6 if objective == "val_accuracy" else 0.4, metric=metric)
    assert choose(experiment, before, others) is before
    assert choose(experiment, None, others[:1]) is None


def test_the_model_is_kept_and_exported_with_its_tokenizer(tmp_path):
    class Tokenizer:
        def save_pretrained(self, folder):
            folder.mkdir()
            (folder / "tokenizer.json").write_text("{}")

    def serve(trained):
        served = toy.serve(trained)
        given = served.model, served.function, served.specs, served.examples
        return Served(*given, card={"classes": ["a"]}, tokenizer=Tokenizer())

    folder = ran(tmp_path, toy_with(serve=serve))
    assert (folder / "tokenizer" / "tokenizer.json").exists()
    found = metrics(folder)
    about = "Four numbers in, the product of two out."
    assert found["serving"] == {"about": about, "classes": ["a"]}
    assert found["exported"] in ("small", "large, twice")
    model = keras.saving.load_model(folder / "model.keras")
    assert found["parameters"]["total"] == model.count_params()
    assert export_problem(folder) == ""


def test_figures_and_files_are_there_and_the_record_is_whole_before_anything_is_said(tmp_path):
    from keras_suite.plots.classes import class_histogram

    def says(outcome):
        folder = open_.folder
        seen.update(metrics(folder), pictures=(folder / "figures" / "rows.png").exists())
        seen["text"] = (folder / "names.txt").read_text()
        return ["It is over."]

    seen = {}
    experiment = toy_with(
        says=says,
        figures=lambda outcome: {"rows": class_histogram({"a": [0, 1]}, ["x", "y"])},
        files=lambda outcome: {"names.txt": " ".join(each.name for each in outcome.trained)},
    )
    with opened(tmp_path) as open_:
        run(experiment, CONFIG, open_)
    assert (seen["status"], seen["pictures"]) == ("done", True)
    assert seen["text"] == "untrained small large, twice"
    assert seen["results"] == metrics(open_.folder)["results"]
    assert open_.console.file.getvalue().endswith("It is over.\n")


def test_resuming_a_finished_run_only_shows_it(tmp_path, monkeypatch, capsys):
    said = []
    for flags in ([], ["--resume"]):
        monkeypatch.setattr(sys, "argv", ["toy.py", "--output", str(tmp_path), *flags])
        assert run_file(toy) == 0
        said.append(capsys.readouterr())
        folder = (tmp_path / "toy" / "latest").resolve()
        said[-1] = said[-1].out.splitlines(), (folder / "metrics.json").read_bytes()
    (first, before), (again, after) = said
    assert first[0] == "SAMPLE DATA: a toy."
    assert again[-1] == first[-1] == f"Run: {folder}"
    assert before == after
