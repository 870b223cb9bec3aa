import dataclasses
import itertools

import numpy as np
import pytest
from keras_suite.experiments import lora

from keras_suite.adapters.apply import lora_layers, weights_trained_whole
from keras_suite.adapters.peft import load_adapter
from tests.experiments.processes import quick

QUICK = quick(lora)


def of(mode: str, **changes):
    """The quick preset of one mode, as it is trained."""
    (variant,) = lora.variants(dataclasses.replace(QUICK, mode=mode, **changes))
    return variant.config


def test_the_recipes_are_the_reports():
    qqp, mnli = (lora.variants(lora.Config(task=task))[0].config for task in ("qqp", "mnli"))
    assert (qqp.r, qqp.lora_dropout, qqp.validation_pairs) == (8, 0.05, 400)
    assert (mnli.r, mnli.lora_dropout, mnli.validation_pairs) == (16, 0.1, 100)
    assert qqp.train_pairs / qqp.batch_size == qqp.steps_per_evaluation == 50
    assert qqp.evaluations * qqp.steps_per_evaluation == 750
    assert mnli.evaluations * mnli.steps_per_evaluation == 360
    assert mnli.steps_per_evaluation == 20
    assert of("lora", r=4).r == 4


def test_validation_pairs_are_not_trained_on_and_test_pairs_come_from_the_other_split(data):
    tokens = {}
    for seed in (42, 43):
        parts = lora.split(dataclasses.replace(QUICK, seed=seed), data).parts()
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
    model = lora.build(of(mode), rows)
    whole = weights_trained_whole(model)
    if trained is None:
        assert len(whole) == len(model.weights)
    else:
        assert {path.rpartition(".")[0] for path in whole} == trained
    assert len(lora_layers(model)) == (4 if mode == "lora" else 0)
    assert float(model.optimizer.learning_rate) == pytest.approx(rate)


def test_a_run_compares_the_three_modes_and_keeps_the_adapter(quick_run, rows):
    figures, folder = quick_run.figures, quick_run.folder
    names = [f"{mode}, QQP" for mode in lora.MODES.values()]
    assert {model for model, *_ in figures} == set(names)
    low, head, full = (figures[name, "cost", "trainable"] for name in names)
    assert low - head == 4 * 2 * 64 * 8
    assert figures["LoRA, QQP", "cost", "parameters"] == full + low - head
    assert figures["LoRA, QQP", "cost", "parameters_as_peft"] == full + low
    assert set(quick_run.history[0]) >= {f"val_{name}" for name in lora.MEASURED}
    base = lora.build(of("full"), rows)
    logits = rows.test.predict(load_adapter(base, folder / "adapter"))
    accuracy = np.mean(logits.argmax(axis=1) == rows.test.labels)
    assert accuracy == pytest.approx(figures["LoRA, QQP", "test", "accuracy"])
