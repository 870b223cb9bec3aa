import dataclasses
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import ml_dtypes
import numpy as np
import pytest
import safetensors.tensorflow as tf_tensors
import tensorflow as tf
from safetensors.numpy import load_file, save_file

from keras_suite.adapters.apply import apply_lora, lora_layers
from keras_suite.adapters.config import LoRAConfig
from keras_suite.adapters.peft import CONFIG, TENSORS, load_adapter, read_config, save_adapter
from keras_suite.models.encoders import load_encoder
from keras_suite.tasks.cifar10.deit import deit_with_imagenet_head
from keras_suite.tasks.lora.text_classifier import text_classifier
from tests.adapters.test_apply import HEAD, base, inputs, out, train
from tests.data.refusals import refused

RANKS = {"r": 2, "rank_pattern": {"value": 3}, "lora_alpha": 4}
CONFIGURED = LoRAConfig(**RANKS, lora_dropout=0.1, modules_to_save=HEAD)
WITHOUT_PEFT = not (importlib.util.find_spec("peft") and importlib.util.find_spec("torch"))
TEXTS, POOLER = {"task_type": "SEQ_CLS"}, {"modules_to_save": ["classifier", "pooler"]}
DENSE = {"target_modules": ["query", "value", "dense"]}
HEADS = {"modules_to_save": ["cls_classifier", "distillation_classifier"]}
PATTERNS = {"rank_pattern": {"layer.1.attention.self.query": 2, "nowhere": 3}}
PATTERNS |= {"alpha_pattern": {r"layer\.0\..*": 3, "nothing": 5}}
AS_IN_PEFT = [
    ("bert", TEXTS | POOLER | PATTERNS | {"target_modules": ["query", "value"], "r": 4}),
    ("bert", TEXTS | {"target_modules": "all-linear", "use_rslora": True}),
    ("roberta", TEXTS | PATTERNS | {"lora_dropout": 0.1, "init_lora_weights": "gaussian"}),
    ("roberta", TEXTS | DENSE | {"layers_to_transform": [1, 7]}),  # the head has a dense, too
    ("roberta", TEXTS | {"target_modules": "all-linear"}),
    (
        "albert",
        TEXTS
        | {"target_modules": ["query", "ffn"], "modules_to_save": ["embedding_hidden_mapping_in"]},
    ),
    ("deit", {"target_modules": ["query", "value"]}),
    ("deit", DENSE | HEADS | {"exclude_modules": ["intermediate.dense"]}),
    ("deit", {"target_modules": "all-linear", "modules_to_save": ["patch_embeddings"]}),
]
CHANGING_THE_BASE = "pissa", "pissa_niter_4", "olora", "corda", "eva", "loftq", "tomorrow"
OTHER_CONFIGS = [
    ({"r": 4}, r"another base or rank: .*lora_A.* shape \[2, 16\]"),
    ({"r": 0}, "rank must be from 1 to 16"),
    ({"r": 10**8}, "rank must be from 1 to 16"),
    ({"r": "2"}, "adapter_config.json: r must be of type <class 'int'>, not '2'"),
    ({"target_modules": None}, "lacks r, lora_alpha or target_modules"),
    ({"target_modules": [["query"]]}, "target_modules must be of type"),
    ({"target_modules": "(([a-z0-9._])+)+!"}, "takes too long to match"),
    ({"modules_to_save": "classifier"}, "modules_to_save must be of type"),
    ({"modules_to_save": []}, "is for another base: this model has no .*classifier.dense.bias"),
    ({"rank_pattern": [1]}, "rank_pattern must be of type"),
    ({"lora_alpha": 10**400}, "must be below"),
    ({"use_dora": True}, "asks for use_dora True"),
    ({"bias": "all"}, "asks for bias all"),
    ({"bias": "lora_only", "lora_bias": True}, "asks for bias lora_only, lora_bias True"),
    ({"peft_type": "IA3"}, "asks for peft_type IA3"),
    *[({"init_lora_weights": name}, f"init_lora_weights {name}") for name in CHANGING_THE_BASE],
    ({"fan_in_fan_out": True}, "asks for fan_in_fan_out True"),
    ({"layers_pattern": "layer"}, "asks for layers_pattern layer"),
    ({"layer_replication": [[0, 1]]}, r"asks for layer_replication \[\[0, 1\]\]"),
    ({"megatron_config": {"a": 1}}, "asks for megatron_config"),
    ({"target_parameters": ["a"]}, "asks for target_parameters"),
    ({"trainable_token_indices": [1]}, r"asks for trainable_token_indices \[1\]"),
    ({"use_qalora": True}, "asks for use_qalora True"),
    ({"use_of_tomorrow\x1b[2J": {"a": 1}}, r"asks for use_of_tomorrow\?\[2J \{'a': 1\}"),
]
LEFT_ALONE = {
    "auto_mapping": {"base": "a"}, "task_type": "FEATURE_EXTRACTION", "inference_mode": False,
    "eva_config": {"rho": 2.0}, "corda_config": {"a": 1}, "loftq_config": {"loftq_bits": 4},
    "megatron_core": "megatron.core", "qalora_group_size": 16, "peft_version": "0.19.0",
    "revision": "main", "layers_pattern": [], "exclude_modules": None, "init_lora_weights": False,
    "layers_to_transform": [], "rank_pattern": {"value": 3, "nowhere": 7}, "use_of_tomorrow": None,
}  # fmt: skip
BROKEN_CONFIGS = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe{",
    b"[" * 100_000,
    b'{"a":' * 900 + b"1" + b"}" * 900,
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A trained adapter on disk, with its base and its outputs."""
    model, folder = base("bert"), tmp_path_factory.mktemp("trained") / "adapter"
    adapted = apply_lora(model, CONFIGURED)
    train(adapted, inputs("bert"))
    save_adapter(adapted, CONFIGURED, folder, base="some-bert")
    return model, folder, out(adapted, inputs("bert"))


@pytest.fixture
def saved(trained, tmp_path):
    """A copy of that adapter, for one test alone."""
    model, folder, outputs = trained
    return model, shutil.copytree(folder, tmp_path / "adapter"), outputs


def test_the_files_hold_the_updates_and_the_head_under_pefts_names_and_nothing_else(saved):
    tensors = load_file(saved[1] / TENSORS)
    path = "base_model.model.bert.bert.encoder.layer.1.attention.self.value"
    assert tensors[f"{path}.lora_A.weight"].shape == (3, 16)
    assert tensors[f"{path}.lora_B.weight"].shape == (16, 3)
    assert tensors["base_model.model.classifier.dense.weight"].shape == (6, 16)
    assert len(tensors) == 2 * 4 + 4
    fields = json.loads((saved[1] / CONFIG).read_text())
    assert fields["base_model_name_or_path"] == "some-bert"
    assert (fields["r"], fields["lora_alpha"], fields["peft_type"]) == (2, 4, "LORA")
    assert sorted(each.name for each in saved[1].iterdir()) == [CONFIG, TENSORS]
    assert read_config(saved[1]) == CONFIGURED


def test_an_adapter_comes_back_on_its_base_until_another_is_saved_whole_in_its_place(
    saved, monkeypatch
):
    model, folder, expected = saved
    other = apply_lora(model, CONFIGURED)
    monkeypatch.setattr("keras_suite.adapters.peft.save_file", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_adapter(other, CONFIGURED, folder)
    assert np.array_equal(out(load_adapter(model, folder), inputs("bert")), expected)
    monkeypatch.undo()
    save_adapter(other, CONFIGURED, folder)
    assert not np.allclose(out(load_adapter(model, folder), inputs("bert")), expected)


def test_an_adapter_for_another_base_is_one_sentence(saved):
    with refused("is for another base: this model has no|lacks"):
        load_adapter(base("roberta"), saved[1])
    dense = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="head")])
    with refused("is for another base: .* matches no dense layer"):
        load_adapter(dense, saved[1])


@pytest.mark.parametrize(("fields", "sentence"), OTHER_CONFIGS)
def test_a_config_of_other_tensors_or_of_more_than_lora_is_refused(saved, fields, sentence):
    model, folder, _ = saved
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | fields))
    with refused(sentence):
        load_adapter(model, folder)


def test_what_changes_no_output_is_let_go_by(saved):
    model, folder, expected = saved
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | LEFT_ALONE))
    assert np.array_equal(out(load_adapter(model, folder), inputs("bert")), expected)


@pytest.mark.parametrize("content", BROKEN_CONFIGS)
def test_a_broken_config_is_one_sentence(saved, content):
    model, folder, _ = saved
    (folder / CONFIG).write_bytes(content)
    with refused("cannot be read|lacks r, lora_alpha", folder / CONFIG):
        load_adapter(model, folder)


def test_missing_and_damaged_files_are_one_sentence_and_no_pickle_is_read(saved, tmp_path):
    model, folder, _ = saved
    with refused("cannot be read .*name an adapter's folder"):
        load_adapter(model, tmp_path / "nowhere")
    whole, tensors = (folder / TENSORS).read_bytes(), load_file(folder / TENSORS)
    name = "base_model.model.classifier.dense.bias"
    given = tensors.pop(name)
    for array, sentence in (
        (None, f"lacks {name}: it is for another base"),
        (given[:-1], rf"{name} has the shape \[5\], where this model needs \[6\]"),
        (given.astype(int), f"{name} holds int64 that are no finite weights"),
        (given * np.nan, f"{name} holds float32 that are no finite weights"),
    ):
        save_file(tensors | ({} if array is None else {name: array}), folder / TENSORS)
        with refused(sentence):
            load_adapter(model, folder)
    save_file(tensors | {name: given, "more\x1b[2J": given}, folder / TENSORS)
    with refused(r"this model has no more\?\[2J"):
        load_adapter(model, folder)
    for content in (b"no tensors", b"", whole[:-1], whole[:50]):
        (folder / TENSORS).write_bytes(content)
        with refused("safetensors cannot be read"):
            load_adapter(model, folder)
    (folder / TENSORS).rename(folder / "adapter_model.bin")
    with refused("a pickle, which is never loaded"):
        load_adapter(model, folder)


@pytest.mark.parametrize("kind", ["float16", ml_dtypes.bfloat16])
def test_weights_of_half_the_width_load(saved, kind):
    model, folder, expected = saved
    tensors = {name: tf.cast(array, kind) for name, array in load_file(folder / TENSORS).items()}
    tf_tensors.save_file(tensors, folder / TENSORS)
    assert np.allclose(out(load_adapter(model, folder), inputs("bert")), expected, atol=0.02)


def test_patterns_keep_their_order_and_all_linear_is_saved_by_names(tmp_path):
    model, ranks = base("bert"), {r"layer\.1\..*": 2, ".*": 3, "attention.*": 4}
    config = LoRAConfig(target_modules="all-linear", rank_pattern=ranks, modules_to_save=HEAD)
    adapted = apply_lora(model, config, strict=False)
    save_adapter(adapted, config, tmp_path / "adapter")
    load_adapter(model, tmp_path / "adapter")
    read = read_config(tmp_path / "adapter")
    assert list(read.rank_pattern) == list(ranks)
    assert list(read.target_modules) == list(lora_layers(adapted))
    assert not [path for path in read.target_modules if path.startswith("classifier")]


def tokens(rng):
    rows = {"input_ids": rng.integers(2, 50, (5, 9)), "attention_mask": np.ones((5, 9), int)}
    rows["attention_mask"][0, 5:] = 0
    return rows, {name: array.astype("int32") for name, array in rows.items()}


def pictures(rng):
    images = rng.integers(0, 256, (5, 8, 8, 3), dtype="uint8")
    return {"pixel_values": images.transpose(0, 3, 1, 2).astype("float32") / 255}, images


def imagenet_logits(folder):
    model = deit_with_imagenet_head(8, 3, folder)
    return keras.Model(model.input, model.get_layer("logits").output)


@pytest.mark.skipif(WITHOUT_PEFT, reason="the extra peft (torch, peft) is not installed")
@pytest.mark.slow
@pytest.mark.parametrize(("family", "options"), AS_IN_PEFT)
def test_an_adapter_goes_from_peft_to_here_and_back_with_equal_logits(family, options, tmp_path):
    rng = np.random.default_rng(0)
    theirs, ours = pictures(rng) if family == "deit" else tokens(rng)
    np.savez(tmp_path / "inputs.npz", **theirs)
    run_peft("make", family, tmp_path, json.dumps(options))
    if family == "deit":
        model = imagenet_logits(tmp_path / "base")
    else:
        model = text_classifier(load_encoder(tmp_path / "base"), classes=3)
    adapted = load_adapter(model, tmp_path / "adapter")
    assert np.abs(out(adapted, ours) - np.load(tmp_path / "logits.npy")).max() <= 1e-4
    assert np.abs(out(adapted, ours) - out(model, ours)).max() > 1e-2
    config = read_config(tmp_path / "adapter")
    known = tuple(name for name in config.modules_to_save if name != "score")
    config = dataclasses.replace(config, modules_to_save=known, seed=1)
    again = apply_lora(model, config, strict=False)
    for weight in again.trainable_weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    save_adapter(again, config, tmp_path / "ours")
    names = [load_file(tmp_path / each / TENSORS).keys() for each in ("adapter", "ours")]
    assert names[0] == names[1]
    run_peft("apply", family, tmp_path)
    assert np.abs(out(again, ours) - np.load(tmp_path / "applied.npy")).max() <= 1e-4


def run_peft(*arguments):
    script = Path(__file__).with_name("peft_side.py")
    environment = os.environ | {"USE_TORCH": "1", "USE_TF": "0"}
    subprocess.run([sys.executable, script, *arguments], env=environment, check=True)
