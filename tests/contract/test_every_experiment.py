"""What every file in experiments/ must do, as far as it can be seen without a run."""

import dataclasses
import importlib
import math
import pkgutil
import re
import resource
import subprocess
import sys

import keras_tuner as kt
import pytest

from keras_suite.cli import main
from keras_suite.experiment import Variant
from keras_suite.metrics.direction import direction
from tests.contract.finished_run import WHAT
from tests.experiments.processes import ROOT, command

NAMES = sorted(each.name for each in pkgutil.iter_modules([str(ROOT / "experiments")]))
PRESETS = pytest.mark.parametrize("preset", ["paper", "quick"])
LINES = 200
LAST_LINES = '\n\nif __name__ == "__main__":\n    sys.exit(main(sys.modules[__name__]))\n'


@pytest.fixture(params=NAMES)
def experiment(request):
    return importlib.import_module(f"experiments.{request.param}")


@pytest.mark.parametrize("name", NAMES)
def test_help_names_every_field_at_once_without_a_framework(name, tmp_path):
    python, *rest = command(name, "--help", output=tmp_path)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(
        [python, "-X", "importtime", *rest], cwd=ROOT, capture_output=True, text=True
    )
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert done.returncode == 0
    assert seconds < 3
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "keras_suite.cli" in imported
    assert not imported & {"tensorflow", "keras", "keras_tuner", "transformers", "matplotlib"}
    config = importlib.import_module(f"experiments.{name}").Config
    for field in dataclasses.fields(config):
        flag = f"{field.name.replace('_', '-')}"
        assert re.search(rf"--(no-)?{flag}(?![\w-])", done.stdout), flag


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_short_and_ends_as_all_do(name):
    text = (ROOT / "experiments" / f"{name}.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES
    assert text.endswith(LAST_LINES)


@pytest.mark.parametrize("name", NAMES)
def test_its_finished_runs_are_tested(name):
    tests = "".join(path.read_text() for path in (ROOT / "tests/experiments").glob("test_*.py"))
    assert f"class TestContract(FinishedRun):\n    experiment = {name}\n" in tests


def test_presets_are_the_paper_and_a_quick_one(experiment):
    assert set(experiment.PRESETS) == {"paper", "quick"}
    assert experiment.PRESETS["paper"] == experiment.Config()
    assert isinstance(experiment.PRESETS["quick"], experiment.Config)
    assert experiment.PRESETS["quick"] != experiment.Config()


def test_reported_figures_are_numbers_that_say_what_they_are_of(experiment):
    for what, figures in experiment.REPORTED:
        assert {"model"} < set(what) <= set(WHAT)
        assert all(what.values())
        assert figures
        assert all(math.isfinite(value) for value in figures.values())
    stated = [tuple(sorted(what.items())) for what, _ in experiment.REPORTED]
    parts = [(what, metric) for what, (_, figures) in zip(stated, experiment.REPORTED, strict=True)
             for metric in figures]  # fmt: skip
    assert len(set(parts)) == len(parts)


@PRESETS
def test_variants_have_names_of_their_own_and_their_configs_are_whole(experiment, preset):
    config = dataclasses.replace(experiment.PRESETS[preset], seed=7)
    variants = experiment.variants(config)
    assert all(isinstance(each, Variant) for each in variants)
    assert len({each.fit_name for each in variants}) == len(variants)
    assert any(each.is_candidate for each in variants)
    for each in variants:
        assert (each.config.seed, type(each.config)) == (7, type(config))
        assert not each.trains or each.config.batch_size >= 1
    if any(each.trains for each in variants):
        assert direction(experiment.OBJECTIVE) in ("max", "min")


@PRESETS
def test_every_hyperparameter_of_the_search_changes_a_config_that_is_sound(experiment, preset):
    if not hasattr(experiment, "search_space"):
        assert not any(each.trains for each in experiment.variants(experiment.Config()))
        return
    config, hp = experiment.PRESETS[preset], kt.HyperParameters()
    default = experiment.search_space(hp, config)
    assert hp.space
    for each in hp.space:
        changed = hp.copy()
        samples = {each.random_sample(seed) for seed in range(20)} - {hp.values[each.name]}
        for changed.values[each.name] in samples:
            assert experiment.search_space(changed, config) != default


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--seed", "-1"], "error: --seed must be at least 0, not -1\n"),
        (["--sede", "1"], "Unrecognized options: --sede"),
    ],
)
def test_a_flag_that_cannot_be_used_is_one_sentence_and_leaves_nothing(
    experiment, flags, sentence, tmp_path, monkeypatch, capsys
):
    output = tmp_path / "runs"
    monkeypatch.setattr(sys, "argv", [experiment.__file__, *flags, "--output", str(output)])
    try:
        code = main(experiment)
    except SystemExit as ended:
        code = ended.code
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.startswith("error:") is sentence.startswith("error:")
    assert not output.exists()
