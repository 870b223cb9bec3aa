"""Adapters on disk as PEFT writes and reads them: adapter_config.json, adapter_model.safetensors.

PEFT: Mangrulkar et al., https://github.com/huggingface/peft, tried with 0.17.
"""

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from keras_suite.adapters.apply import apply_lora, lora_layers, weights_trained_whole
from keras_suite.adapters.config import LoRAConfig
from keras_suite.errors import InputError
from keras_suite.terminal import files

CONFIG, TENSORS = "adapter_config.json", "adapter_model.safetensors"
PREFIX = "base_model.model."
FIXED = {"peft_type": "LORA", "task_type": "SEQ_CLS", "inference_mode": True, "bias": "none"}
UNSUPPORTED = {
    "alpha_pattern", "exclude_modules", "fan_in_fan_out", "layer_replication", "lora_bias",
    "layers_pattern", "target_parameters", "trainable_token_indices", "use_dora", "use_qalora",
}  # fmt: skip
"""Fields of PEFT's LoraConfig that would change the outputs and have no counterpart here."""


def save_adapter(model: keras.Model, config: LoRAConfig, folder: Path, base: str = "") -> None:
    """Write what ``apply_lora(..., config)`` lets train, as PEFT does for sequence classification.

    Args:
        model: the result of that call.
        config: its argument.
        folder: appears whole, in one step, or not at all; replaces an adapter that is there.
        base: name or path of the base model, for the record and for PEFT.
    """
    arrays = {name: np.asarray(w).T if flip else w for name, (w, flip) in _entries(model).items()}
    tensors = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with files.whole(folder) as partial:
        partial.mkdir()
        save_file(tensors, partial / TENSORS, metadata={"format": "pt"})
        fields = vars(config) | FIXED | {"base_model_name_or_path": base}
        del fields["seed"]  # PEFT has none
        text = json.dumps(fields, indent=2, sort_keys=True) + "\n"
        (partial / CONFIG).write_text(text, encoding="utf-8")


def load_adapter(model: keras.Model, folder: Path) -> keras.Model:
    """Put an adapter, written by :func:`save_adapter` or by PEFT, on a base as ``apply_lora`` does.

    The head of the base must be shaped as the adapter's. The result is a model of its own that
    shares the base, on which several adapters can stand.

    Raises:
        InputError: where the files cannot be read or do not fit the model. No pickle is ever read.
    """
    folder = Path(folder)
    config, tensors = _read(folder)
    try:
        adapted = apply_lora(model, config)
    except ValueError as error:
        raise InputError(f"The adapter at {folder} is for another base: {error}") from error
    entries = _entries(adapted)
    _require_fit(entries, tensors, folder)
    for name, (weight, flip) in entries.items():
        weight.assign(tensors[name].T if flip else tensors[name])
    return adapted


def read_config(folder: Path) -> LoRAConfig:
    """Read adapter_config.json; raise InputError where it asks for what there is not here."""
    file = Path(folder) / CONFIG
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file} cannot be read ({error}): name an adapter's folder.") from error
    return _from_peft(fields, file)


def _entries(model: keras.Model) -> dict[str, tuple[keras.Variable, bool]]:
    """Name what is stored as PEFT does, each with whether PyTorch has its transpose."""
    entries = {}
    for path, layer in lora_layers(model).items():
        entries[f"{PREFIX}{path}.lora_A.weight"] = layer.lora_a, True
        entries[f"{PREFIX}{path}.lora_B.weight"] = layer.lora_b, True
    for path, weight in weights_trained_whole(model).items():
        is_kernel = path.endswith(".weight") and len(weight.shape) == 2
        entries[PREFIX + path] = weight, is_kernel and "embedding" not in path
    return entries


def _read(folder: Path) -> tuple[LoRAConfig, dict[str, np.ndarray]]:
    config = read_config(folder)
    if not (folder / TENSORS).exists() and (folder / "adapter_model.bin").exists():
        raise InputError(
            f"{folder} holds only adapter_model.bin, a pickle, which is never loaded: save it "
            "again with PEFT's save_pretrained(..., safe_serialization=True)."
        )
    try:
        tensors = load_file(folder / TENSORS)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{folder / TENSORS} cannot be read ({error}).") from error
    saved = [n for n in config.modules_to_save if any(f".{n}." in f".{name}" for name in tensors)]
    return dataclasses.replace(config, modules_to_save=tuple(saved)), tensors


def _require_fit(entries: dict, tensors: dict[str, np.ndarray], folder: Path) -> None:
    for name, (weight, flip) in entries.items():
        if name not in tensors:
            raise InputError(f"The adapter at {folder} lacks {name}: it is for another base.")
        expected = tuple(reversed(weight.shape)) if flip else tuple(weight.shape)
        if tensors[name].shape != expected:
            raise InputError(
                f"The adapter at {folder} is for another base or rank: {name} has the shape "
                f"{list(tensors[name].shape)}, where this model needs {list(expected)}."
            )
    if surplus := [name for name in tensors if name not in entries]:
        raise InputError(
            f"The adapter at {folder} is for another base: this model has no {surplus[0]}."
        )


def _from_peft(fields: dict, file: Path) -> LoRAConfig:
    needed = "r", "lora_alpha", "target_modules"
    if not isinstance(fields, dict) or None in map(fields.get, needed):
        raise InputError(f"{file} lacks r, lora_alpha or target_modules: name an adapter's folder.")
    refused = [name for name in UNSUPPORTED if fields.get(name)]
    if fields.get("bias", "none") != "none":
        refused.append("bias")
    if fields.get("peft_type") != "LORA" or refused:
        what = ", ".join(sorted(refused)) or f"peft_type {fields.get('peft_type')}"
        raise InputError(f"{file} asks for {what}, which there is not here: only plain LoRA.")
    names = [field.name for field in dataclasses.fields(LoRAConfig) if field.name != "seed"]
    known = {name: fields[name] for name in names if fields.get(name) is not None}
    if isinstance(targets := known["target_modules"], list):
        known["target_modules"] = tuple(sorted(targets))
    if (layers := known.get("layers_to_transform")) is not None:
        known["layers_to_transform"] = (layers,) if isinstance(layers, int) else tuple(layers)
    known["modules_to_save"] = tuple(dict.fromkeys(known.get("modules_to_save", ())))
    return LoRAConfig(**known)
