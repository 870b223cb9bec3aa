"""What every file in experiments/ must do, as far as it can be seen without a run."""

import dataclasses
import math
import resource
import subprocess

import keras_tuner as kt
import pytest
from keras_suite.tuning.harness import ExperimentHyperModel

from keras_suite import cli
from keras_suite.experiment import Variant
from keras_suite.metrics.direction import direction
from tests.experiments.processes import ROOT, command

WHAT = "model", "protocol", "decision", "split", "group"
pytestmark = pytest.mark.parametrize("name", cli.experiment_names())
PRESETS = pytest.mark.parametrize("preset", ["paper", "quick"])
LINES = 210
LAST_LINES = '\n\nif __name__ == "__main__":\n    sys.exit(cli.run_file(sys.modules[__name__]))\n'


@pytest.fixture
def experiment(name):
    return cli.find_experiment(name)


def test_the_file_is_short_and_ends_as_all_do(name):
    text = (ROOT / "experiments" / f"{name}.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES
    assert text.endswith(LAST_LINES)


def test_help_says_what_every_flag_will_be_at_once_and_without_a_framework(name, tmp_path):
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
    flags = done.stdout.count("\n│ --")
    assert flags == len(dataclasses.fields(cli.find_experiment(name).Config)) + 5
    assert flags == done.stdout.count("(default:")
    assert "None" not in done.stdout


def test_presets_are_the_paper_and_a_quick_one(experiment):
    assert set(experiment.PRESETS) == {"paper", "quick"}
    assert experiment.PRESETS["paper"] == experiment.Config()
    assert isinstance(experiment.PRESETS["quick"], experiment.Config)
    assert experiment.PRESETS["quick"] != experiment.Config()


def test_reported_figures_are_numbers_that_say_what_they_are_of(experiment):
    stated = []
    for what, figures in experiment.REPORTED:
        assert {"model"} < set(what) <= set(WHAT)
        assert all(what.values())
        assert figures
        assert all(math.isfinite(value) for value in figures.values())
        stated += [(*sorted(what.items()), metric) for metric in figures]
    assert len(set(stated)) == len(stated)


def test_claims_have_numbers_of_their_own_and_name_their_report(experiment):
    every = [each for name in cli.experiment_names() for each in cli.find_experiment(name).CLAIMS]
    names = [claim.name for claim in every]
    assert sorted(names, key=lambda name: int(name[1:])) == [f"C{i}" for i in range(1, 22)]
    for claim in experiment.CLAIMS:
        assert set(claim.source) <= set("ABCDE, ")
        assert claim.sentence.endswith(".")


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
def test_samples_of_the_search_space_are_sound_and_every_hyperparameter_counts(experiment, preset):
    if not hasattr(experiment, "search_space"):
        assert not any(each.trains for each in experiment.variants(experiment.Config()))
        return
    config, hp = experiment.PRESETS[preset], kt.HyperParameters()
    default = experiment.search_space(hp, config)
    assert hp.space
    for seed in range(50):
        sampled = hp.copy()
        for each in hp.space:
            sampled.values[each.name] = each.random_sample(seed)
        assert experiment.variants(experiment.search_space(sampled, config))
    for each in hp.space:
        changed = hp.copy()
        samples = {each.random_sample(seed) for seed in range(20)} - {hp.values[each.name]}
        for changed.values[each.name] in samples:
            assert experiment.search_space(changed, config) != default


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--seed", "-1"], "--seed must be at least 0, not -1"),
        (["--sede", "1"], "Unrecognized options: --sede, 1 (did you mean --seed?); see"),
        (["--seed", "one"], "Error parsing --seed: "),
        (["--preset", "large"], "invalid choice 'large' for argument '--preset'"),
        (["--config", "missing.json"], "missing.json cannot be read"),
    ],
)
def test_a_flag_that_cannot_be_used_is_one_sentence_and_leaves_nothing(
    name, flags, sentence, tmp_path, capsys
):
    output = tmp_path / "runs"
    code = cli.main(["run", name, *flags, "--output", str(output)])
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"error: {sentence}")
    assert not output.exists()


@pytest.mark.slow
def test_a_trial_of_its_search_trains_and_is_scored(experiment, tmp_path):
    if not hasattr(experiment, "search_space"):
        return
    config = dataclasses.replace(experiment.PRESETS["quick"], data="sample")
    tuned = ExperimentHyperModel(experiment, config, experiment.load(config))
    hp = tuned.space()
    hp.values["tuner/epochs"] = 1
    (entry,) = tuned.fit(hp, tuned.build(hp), tmp_path / "state.npz", [])
    assert math.isfinite(entry[experiment.OBJECTIVE])
    assert (tmp_path / "state.npz").exists()
