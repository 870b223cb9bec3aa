import dataclasses
import gc
import io
import json
import sys
import weakref
from dataclasses import dataclass
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from rich.console import Console

from keras_suite.cli import run_file
from keras_suite.config import PrefixCacheConfig
from keras_suite.errors import InputError
from keras_suite.experiment import Trained, Variant, choose, prepare, run
from keras_suite.runs.read import read_rows, read_run
from keras_suite.runs.run import open_run
from keras_suite.serving.served import Served
from keras_suite.training import prefix_cache
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
    tested = {of for of, table, _ in found if table == "test"}
    assert tested == {"untrained", "small", "large, twice"}
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


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (("مدل ۱", "مدل ۲"), ["مدل-۱-seed1", "مدل-۲-seed1"]),
        (("C", "C++", "C#"), ["c-seed1", "c++-seed1", "c#-seed1"]),
        (("α=0.1", "β=0.1"), ["α=0.1-seed1", "β=0.1-seed1"]),
        (("a/b", "../a: b?"), ["a-b-seed1", "..-a-b--seed1"]),
        (("net", "Net"), "variants need names that tell their files apart: net, Net"),
        (("net", "net"), "variants need names that tell their files apart: net, net"),
    ],
)
def test_two_variants_never_share_a_file(names, files):
    config = dataclasses.replace(CONFIG, seed=1)
    made = toy_with(variants=lambda config: [Variant(name, config) for name in names])
    if isinstance(files, str):
        with pytest.raises(ValueError, match=files):
            prepare(made, config, toy.load(config))
    else:
        found = [each.variant.fit_name for each in prepare(made, config, toy.load(config))]
        assert found == files


@pytest.mark.parametrize("best", ["small", "large, twice"])
def test_the_best_is_exported_as_it_was_measured_though_others_came_after_it(tmp_path, best):
    def measures(trained):
        return {toy.OBJECTIVE: lambda y, p: 0.0 if trained.name == best else 1.0}

    folder = ran(tmp_path, toy_with(measures=measures))
    assert metrics(folder)["exported"] == best
    X, y = toy.split(CONFIG, toy.load(CONFIG)).test
    model = keras.saving.load_model(folder / "model.keras")
    error = toy.mean_error(y, model.predict(X, verbose=0))
    assert error == pytest.approx(figures(folder)[best, "test", "mean_error"].reproduced, abs=1e-6)


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


@dataclass(frozen=True)
class Storing(PrefixCacheConfig, type(CONFIG)):
    epochs: int = 2


def test_space_for_what_all_variants_store_is_asked_for_before_the_first_stores_any(
    tmp_path, monkeypatch, own_cache
):
    def build(config, rows):
        network = toy.build(config, rows)
        network.layers[0].trainable = False
        return network

    free = SimpleNamespace(free=prefix_cache.SPARE + 5000)  # enough for any one of them
    monkeypatch.setattr(prefix_cache.shutil, "disk_usage", lambda folder: free)
    with pytest.raises(InputError, match=r"takes 5\.8 kB and .* has 5\.0 kB to spare"):
        ran(tmp_path, toy_with(build=build), Storing())
    assert list((tmp_path / "toy").iterdir()) == list(own_cache.rglob("*.npy")) == []
    free.free += 1000
    folder = ran(tmp_path, toy_with(build=build), Storing())
    assert figures(folder)["large, twice", "cost", "seconds_to_fill_cache"].reproduced > 0
    files = list(own_cache.rglob("*.npy"))
    assert sum(np.load(each).nbytes for each in files) == 120 * (4 + 8) * 4


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


@pytest.mark.parametrize(
    ("objective", "chosen"), [("val_accuracy", "second"), ("val_loss", "first"), ("", "first")]
)
def test_the_first_candidate_with_the_best_last_epoch_is_chosen(objective, chosen):
    def scored(name, *values, candidate=True):
        trained = Trained(Variant(name, CONFIG, is_candidate=candidate), None, None)
        trained.history = [{objective or "val_accuracy": value} for value in values]
        return trained

    others = [scored("outside", 0.99, candidate=False), scored("first", 0.9, 0.4)]
    others += [scored("second", 0.1, 0.6), scored("third", 0.6)]
    experiment = SimpleNamespace(**{"OBJECTIVE": objective} if objective else {})
    assert choose(experiment, others).name == chosen


def test_all_that_is_kept_is_there_and_the_record_is_whole_before_anything_is_said(tmp_path):
    from keras_suite.plots.classes import class_histogram

    class Tokenizer:
        def save_pretrained(self, folder):
            folder.mkdir()
            (folder / "tokenizer.json").write_text("{}")

    def serve(trained):
        served = toy.serve(trained)
        given = served.model, served.function, served.specs, served.examples
        return Served(*given, card={"classes": ["a"]}, tokenizer=Tokenizer())

    def says(outcome):
        for file in ("figures/rows.png", "tokenizer/tokenizer.json"):
            assert (open_.folder / file).exists()
        assert (open_.folder / "names.txt").read_text() == "untrained small large, twice"
        said.append(metrics(open_.folder))
        return ["It is over."]

    said = []
    experiment = toy_with(
        says=says,
        serve=serve,
        figures=lambda outcome: {"rows": class_histogram({"a": [0, 1]}, ["x", "y"])},
        files=lambda outcome: {"names.txt": " ".join(each.name for each in outcome.trained)},
    )
    with opened(tmp_path) as open_:
        run(experiment, CONFIG, open_)
    (before,), found = said, metrics(open_.folder)
    assert (before["status"], before["results"]) == ("done", found["results"])
    assert open_.console.file.getvalue().endswith("It is over.\n")
    about = "Four numbers in, the product of two out."
    assert found["serving"] == {"about": about, "classes": ["a"]}
    assert found["exported"] in ("small", "large, twice")
    model = keras.saving.load_model(open_.folder / "model.keras")
    assert found["parameters"]["total"] == model.count_params()
    assert export_problem(open_.folder) == ""


def test_resuming_a_finished_run_only_shows_it(tmp_path, monkeypatch, capsys):
    said = []
    for flags in ([], ["--resume"]):
        monkeypatch.setattr(sys, "argv", ["toy.py", "--output", str(tmp_path), *flags])
        assert run_file(toy) == 0
        said.append(capsys.readouterr())
        folder = (tmp_path / "toy" / "latest").resolve()
        said[-1] = said[-1].out.splitlines(), (folder / "metrics.json").read_bytes()
    (first, before), (again, after) = said
    assert (first[0], before) == ("SAMPLE DATA: a toy.", after)
    assert again[-1] == first[-1] == f"Run: {folder}"
