import dataclasses
import itertools

import keras
import keras_tuner as kt
import numpy as np
import pytest
import tensorflow as tf

from experiments import lora
from keras_suite.adapters.apply import lora_layers, weights_trained_whole
from keras_suite.adapters.peft import load_adapter
from keras_suite.errors import InputError
from tests.experiments.processes import (
    QUICK_SAMPLE,
    export_problem,
    figures_of,
    latest,
    read,
    run,
    run_until_killed,
)
from tuning.harness import ExperimentHyperModel

QUICK = dataclasses.replace(lora.PRESETS["quick"], data="sample")


@pytest.fixture(scope="module")
def pairs():
    return lora.load(QUICK)


@pytest.fixture(scope="module")
def rows(pairs):
    return lora.split(QUICK, pairs)


def test_the_recipes_are_the_reports():
    qqp, mnli = (lora.Config(task=task).resolved() for task in ("qqp", "mnli"))
    assert (qqp.rank, qqp.dropout, qqp.validation_pairs) == (8, 0.05, 400)
    assert (mnli.rank, mnli.dropout, mnli.validation_pairs) == (16, 0.1, 100)
    assert qqp.train_pairs / qqp.batch_size == qqp.steps_per_evaluation == 50
    assert qqp.evaluations * qqp.steps_per_evaluation == 750
    assert mnli.evaluations * mnli.steps_per_evaluation == 360
    assert mnli.steps_per_evaluation == 20
    assert lora.Config(task="mnli", rank=4).resolved().rank == 4


def test_validation_pairs_are_not_trained_on_and_test_pairs_come_from_the_other_split(pairs):
    tokens = {}
    for seed in (42, 43):
        parts = lora.split(dataclasses.replace(QUICK, seed=seed), pairs).parts()
        assert [len(part) for part in parts.values()] == [400, 100, 200]
        tokens[seed] = {name: as_texts(part) for name, part in parts.items()}
        assert not tokens[seed]["train"] & tokens[seed]["validation"]
    assert tokens[42]["train"] != tokens[43]["train"]
    assert tokens[42]["test"] == tokens[43]["test"]


def as_texts(rows):
    ends = rows.encoded.offsets
    return {tuple(rows.encoded.input_ids[a:b]) for a, b in itertools.pairwise(ends)}


@pytest.mark.parametrize(
    ("mode", "rate", "trained"),
    [
        ("head", 1e-3, {"classifier", "bert.pooler.dense"}),
        ("lora", 1e-3, {"classifier", "bert.pooler.dense"}),
        ("full", 5e-5, None),
    ],
)
def test_each_mode_trains_what_its_name_says_at_its_learning_rate(rows, mode, rate, trained):
    model = lora.build(dataclasses.replace(QUICK, mode=mode), rows)
    whole = weights_trained_whole(model)
    if trained is None:
        assert len(whole) == len(model.weights)
    else:
        assert {path.rpartition(".")[0] for path in whole} == trained
    assert len(lora_layers(model)) == (4 if mode == "lora" else 0)
    assert float(model.optimizer.learning_rate) == pytest.approx(rate)


def test_a_searched_config_builds_and_trains(pairs):
    tuned = ExperimentHyperModel(lora, QUICK, pairs)
    hp = tuned.space()
    assert set(hp.values) == {"rank", "alpha", "dropout", "targets", "learning_rate"}
    hp.values |= {"targets": "query key value", "rank": 4, "tuner/epochs": 1}
    model = tuned.build(hp)
    assert len(lora_layers(model)) == 6
    history = tuned.fit(hp, model, None, [])
    assert 0 <= history[0]["val_accuracy"] <= 1
    assert isinstance(hp, kt.HyperParameters)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rank": 0}, "--rank must be at least 1"),
        ({"dropout": 1.0}, "--dropout must lie in"),
        ({"evaluations": 0}, "--evaluations must be at least 1"),
        ({"targets": ()}, "--targets must name"),
        ({"learning_rate": 0.0}, "--learning-rate must be above 0"),
    ],
)
def test_bad_settings_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        dataclasses.replace(lora.Config(), **changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rank": 65}, "LoRA: The rank must be from 1 to 64"),
        ({"targets": ("qury",)}, "LoRA: qury matches no dense layer; there are"),
    ],
)
def test_an_adapter_that_does_not_fit_the_encoder_is_one_sentence(rows, changes, sentence):
    with pytest.raises(InputError, match=sentence):
        lora.build(dataclasses.replace(QUICK, **changes), rows)


def test_more_validation_pairs_than_there_are_is_one_sentence(pairs):
    with pytest.raises(InputError, match="--validation-pairs 1200 leaves none of the 1200 pairs"):
        lora.split(dataclasses.replace(QUICK, validation_pairs=1200), pairs)


def test_an_encoder_that_is_not_there_ends_with_one_sentence_and_leaves_no_run(tmp_path):
    flags = (*QUICK_SAMPLE, "--encoder", tmp_path / "nowhere" / "encoder")
    done = run("lora", *flags, output=tmp_path / "runs")
    assert done.returncode == 2
    assert done.stderr.startswith("error: No tokenizer from")
    assert done.stderr.count("\n") == 1
    assert not list((tmp_path / "runs").glob("lora/*"))


def test_a_run_compares_the_three_modes_and_keeps_the_adapter(tmp_path, rows):
    done = run("lora", *QUICK_SAMPLE, output=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("SAMPLE DATA: 1,500 templated question pairs")
    folder = latest(tmp_path, "lora")
    metrics, history = read(folder)
    figures = {
        (row["model"], row["split"], row["metric"]): row["reproduced"] for row in metrics["results"]
    }
    assert {model for model, *_ in figures} == {lora.HEAD, lora.LORA, lora.FULL}
    head, low, full = (figures[n, "cost", "trainable"] for n in (lora.HEAD, lora.LORA, lora.FULL))
    assert low - head == 4 * 2 * 64 * 8
    assert figures[lora.LORA, "cost", "parameters"] == full + low - head
    assert figures[lora.LORA, "cost", "parameters_as_peft"] == full + 2 * low - head - (low - head)
    assert len(history) == 3 * 3
    assert set(history[0]) >= {"val_loss", "val_accuracy", "val_precision", "val_recall", "val_f1"}
    drawn = {path.stem for path in (folder / "figures").iterdir()}
    assert drawn == {"confusion", "evaluations", "learning_curves"}

    base = lora.build(dataclasses.replace(QUICK, mode="full"), rows)
    logits = rows.test.predict(load_adapter(base, folder / "adapter"))
    measured = figures[lora.LORA, "test", "accuracy"]
    assert lora.accuracy(rows.test.labels, logits) == pytest.approx(measured)
    assert export_problem(folder) == ""
    served = tf.saved_model.load(str(folder / "serving" / "lora" / "1"))
    inputs, _ = next(rows.test.stream(8, seed=0, first_step=0))
    outputs = served.signatures["serving_default"](**{k: tf.constant(v) for k, v in inputs.items()})
    expected = keras.ops.softmax(load_adapter(base, folder / "adapter").predict(inputs, verbose=0))
    assert np.abs(outputs["probabilities"] - expected).max() <= 1e-5


def test_an_adapter_that_cannot_be_is_refused_before_anything_is_trained(tmp_path):
    done = run("lora", *QUICK_SAMPLE, "--targets", "nothing", output=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: LoRA: ")
    assert not list((tmp_path / "lora").iterdir())


def test_a_killed_run_goes_on_to_the_same_figures_and_the_same_adapter_to_the_bit(tmp_path):
    sizes = "--evaluations", "4", "--steps-per-evaluation", "3", "--test-pairs", "40"
    flags = (*QUICK_SAMPLE, "--mode", "lora", *sizes)
    assert run("lora", *flags, output=tmp_path / "a").returncode == 0
    run_until_killed("lora", *flags, output=tmp_path / "b")
    resumed = run("lora", *flags, "--resume", output=tmp_path / "b")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    a, b = latest(tmp_path / "a", "lora"), latest(tmp_path / "b", "lora")
    name = "adapter/adapter_model.safetensors"
    assert (a / name).read_bytes() == (b / name).read_bytes()
    assert figures_of(a) == figures_of(b)
