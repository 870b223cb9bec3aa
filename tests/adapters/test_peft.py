import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from keras_suite.adapters.apply import apply_lora
from keras_suite.adapters.config import LoRAConfig
from keras_suite.adapters.peft import CONFIG, TENSORS, load_adapter, read_config, save_adapter
from keras_suite.errors import InputError
from keras_suite.models.encoders import load_encoder
from keras_suite.tasks.lora.text_classifier import text_classifier
from tests.adapters.test_apply import HEAD, base, inputs, out, train

CONFIGURED = LoRAConfig(
    r=2, lora_alpha=4, lora_dropout=0.1, rank_pattern={"value": 3}, modules_to_save=HEAD
)
with_peft = pytest.mark.skipif(
    not (importlib.util.find_spec("peft") and importlib.util.find_spec("torch")),
    reason="the extra peft (torch, peft) is not installed",
)


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
    with pytest.raises(InputError, match=r"is for another base: this model has no|lacks"):
        load_adapter(base("roberta"), saved[1])
    dense = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="head")])
    with pytest.raises(InputError, match=r"is for another base: .* matches no dense layer"):
        load_adapter(dense, saved[1])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"r": 4}, r"another base or rank: .*lora_A.* shape \[2, 16\]"),
        ({"r": 0}, "rank must be from 1 to 16"),
        ({"use_dora": True}, "asks for use_dora"),
        ({"bias": "all"}, "asks for bias"),
        ({"peft_type": "IA3"}, "asks for peft_type IA3"),
        ({"alpha_pattern": {"query": 3}}, "asks for alpha_pattern"),
    ],
)
def test_a_config_of_other_tensors_or_of_more_than_lora_is_refused(saved, fields, sentence):
    model, folder, _ = saved
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | fields))
    with pytest.raises(InputError, match=sentence):
        load_adapter(model, folder)


def test_missing_and_damaged_files_are_one_sentence_and_no_pickle_is_read(saved, tmp_path):
    model, folder, _ = saved
    with pytest.raises(InputError, match=r"cannot be read .*name an adapter's folder"):
        load_adapter(model, tmp_path / "nowhere")
    tensors = load_file(folder / TENSORS)
    tensors.pop("base_model.model.classifier.dense.bias")
    save_file(tensors, folder / TENSORS)
    with pytest.raises(InputError, match=r"lacks base_model.model.classifier.dense.bias"):
        load_adapter(model, folder)
    (folder / TENSORS).write_bytes(b"no tensors")
    with pytest.raises(InputError, match=r"safetensors cannot be read"):
        load_adapter(model, folder)
    (folder / TENSORS).rename(folder / "adapter_model.bin")
    with pytest.raises(InputError, match="a pickle, which is never loaded"):
        load_adapter(model, folder)


@with_peft
@pytest.mark.slow
@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_an_adapter_goes_from_peft_to_here_and_back_with_equal_logits(family, tmp_path):
    rng = np.random.default_rng(0)
    rows = {"input_ids": rng.integers(2, 50, (5, 9)), "attention_mask": np.ones((5, 9), int)}
    rows["attention_mask"][0, 5:] = 0
    np.savez(tmp_path / "inputs.npz", **rows)
    run_peft("make", family, tmp_path)
    model = text_classifier(load_encoder(tmp_path / "base"), classes=3)
    adapted = load_adapter(model, tmp_path / "adapter")
    rows = {name: array.astype("int32") for name, array in rows.items()}
    assert np.abs(out(adapted, rows) - np.load(tmp_path / "logits.npy")).max() <= 1e-4
    config = read_config(tmp_path / "adapter")
    known = tuple(name for name in config.modules_to_save if name != "score")
    ours = apply_lora(model, LoRAConfig(**vars(config) | {"modules_to_save": known, "seed": 1}))
    rng = np.random.default_rng(1)
    for weight in ours.trainable_weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    save_adapter(ours, LoRAConfig(**vars(config) | {"modules_to_save": known}), tmp_path / "ours")
    run_peft("apply", family, tmp_path)
    assert np.abs(out(ours, rows) - np.load(tmp_path / "applied.npy")).max() <= 1e-4


def run_peft(what, family, folder):
    script = Path(__file__).with_name("peft_side.py")
    environment = os.environ | {"USE_TORCH": "1", "USE_TF": "0"}
    subprocess.run([sys.executable, script, what, family, folder], env=environment, check=True)
