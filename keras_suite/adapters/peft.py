"""Adapters on disk as PEFT writes and reads them: adapter_config.json, adapter_model.safetensors.

PEFT: Mangrulkar et al., https://github.com/huggingface/peft, tried with 0.17.
"""

import dataclasses
import json
import reprlib
from pathlib import Path

import keras
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from keras_suite.adapters.apply import apply_lora, lora_layers, weights_trained_whole
from keras_suite.adapters.config import ALL_LINEAR, LoRAConfig
from keras_suite.errors import InputError, in_a_line
from keras_suite.terminal import files

CONFIG, TENSORS = "adapter_config.json", "adapter_model.safetensors"
PREFIX = "base_model.model."
FIXED = {"peft_type": "LORA", "inference_mode": True, "bias": "none"}
IGNORED = {
    "auto_mapping", "base_model_name_or_path", "corda_config", "eva_config", "inference_mode",
    "loftq_config", "megatron_core", "peft_type", "peft_version", "qalora_group_size", "revision",
    "runtime_config", "task_type",
}  # fmt: skip
"""Fields of PEFT's LoraConfig that change no output by themselves."""
HARMLESS = {"bias": ("none",), "init_lora_weights": (True, False, "gaussian", "orthogonal")}
"""Values of further fields that leave the base as it is; other further fields must be unset."""


def save_adapter(model: keras.Model, config: LoRAConfig, folder: Path, base: str = "") -> None:
    """Write what ``apply_lora(..., config)`` lets train, as PEFT does for sequence classification.

    Args:
        model: the result of that call.
        config: its argument.
        folder: appears whole, in one step, or not at all; replaces an adapter that is there.
        base: name or path of the base model, for the record and for PEFT.
    """
    tensors = {name: _as_pytorch(*entry) for name, entry in _entries(model).items()}
    with files.whole(folder) as partial:
        partial.mkdir()
        save_file(tensors, partial / TENSORS, metadata={"format": "pt"})
        fields = vars(config) | FIXED | {"base_model_name_or_path": base}
        del fields["seed"]  # PEFT has none
        if config.target_modules == ALL_LINEAR:  # which may be others in PyTorch's model
            fields["target_modules"] = list(lora_layers(model))
        reads_text = any(tensor.name == "input_ids" for tensor in model.inputs)
        fields["task_type"] = "SEQ_CLS" if reads_text else None
        text = json.dumps(fields, indent=2) + "\n"  # the first pattern that matches counts
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
        adapted = apply_lora(model, config, strict=False)
    except ValueError as error:
        raise InputError(f"The adapter at {folder} is for another base: {error}") from error
    entries = _entries(adapted)
    _require_fit(entries, tensors, folder)
    for name, (weight, is_kernel) in entries.items():
        array = tensors[name]
        weight.assign(np.moveaxis(array, (0, 1), (-1, -2)) if is_kernel else array)
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
    """Name what is stored as PEFT does, each with whether it is a kernel."""
    entries = {}
    for path, layer in lora_layers(model).items():
        entries[f"{PREFIX}{path}.lora_A.weight"] = layer.lora_a, True
        entries[f"{PREFIX}{path}.lora_B.weight"] = layer.lora_b, True
    for path, weight in weights_trained_whole(model).items():
        is_kernel = weight.value.name.split(":")[0].endswith("kernel") and len(weight.shape) > 1
        entries[PREFIX + path] = weight, is_kernel
    return entries


def _as_pytorch(weight: keras.Variable, is_kernel: bool) -> np.ndarray:
    """Return the array in PyTorch's order: a kernel has its units first, then its inputs."""
    array = np.asarray(weight)
    return np.ascontiguousarray(np.moveaxis(array, (-1, -2), (0, 1)) if is_kernel else array)


def _read(folder: Path) -> tuple[LoRAConfig, dict[str, np.ndarray]]:
    config = read_config(folder)
    if not (folder / TENSORS).exists() and (folder / "adapter_model.bin").exists():
        raise InputError(
            f"{folder} holds only adapter_model.bin, a pickle, which is never loaded: save it "
            "again with PEFT's save_pretrained(..., safe_serialization=True)."
        )
    tensors = _read_tensors(folder / TENSORS)
    saved = [n for n in config.modules_to_save if any(f".{n}." in f".{name}" for name in tensors)]
    return dataclasses.replace(config, modules_to_save=tuple(dict.fromkeys(saved))), tensors


def _read_tensors(file: Path) -> dict[str, np.ndarray]:
    try:
        with safe_open(file, framework="tf") as archive:  # NumPy has no bfloat16
            arrays = {name: archive.get_tensor(name).numpy() for name in archive.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, AttributeError, TypeError) as error:
        raise InputError(f"{file} cannot be read ({in_a_line(error)}).") from error
    tensors = {}
    for name, array in arrays.items():
        tensors[name] = array.astype("float32")
        if array.dtype.kind in "biuc" or not np.isfinite(tensors[name]).all():
            raise InputError(
                f"{file}: {_shown(name)} holds {array.dtype} that are no finite weights."
            )
    return tensors


def _require_fit(entries: dict, tensors: dict[str, np.ndarray], folder: Path) -> None:
    for name, (weight, is_kernel) in entries.items():
        if name not in tensors:
            raise InputError(f"The adapter at {folder} lacks {name}: it is for another base.")
        expected = _as_pytorch(weight, is_kernel).shape
        if tensors[name].shape != expected:
            raise InputError(
                f"The adapter at {folder} is for another base or rank: {name} has the shape "
                f"{list(tensors[name].shape)}, where this model needs {list(expected)}."
            )
    if surplus := [name for name in tensors if name not in entries]:
        raise InputError(
            f"The adapter at {folder} is for another base: this model has no {_shown(surplus[0])}."
        )


def _from_peft(fields: dict, file: Path) -> LoRAConfig:
    needed = "r", "lora_alpha", "target_modules"
    if not isinstance(fields, dict) or None in map(fields.get, needed):
        raise InputError(f"{file} lacks r, lora_alpha or target_modules: name an adapter's folder.")
    names = [field.name for field in dataclasses.fields(LoRAConfig) if field.name != "seed"]
    set_fields = {name: value for name, value in fields.items() if value is not None}
    further = {name: set_fields[name] for name in set_fields.keys() - IGNORED.union(names)}
    refused = {
        name: value
        for name, value in further.items()
        if (value not in HARMLESS[name] if name in HARMLESS else value)
    }
    if fields.get("peft_type") != "LORA":
        refused["peft_type"] = fields.get("peft_type")
    if refused:
        asked = (f"{_shown(name)} {_shown(refused[name])}" for name in sorted(refused))
        what = in_a_line(", ".join(asked))
        raise InputError(f"{file} asks for {what}, which there is not here: only plain LoRA.")
    known = {name: set_fields[name] for name in names if name in set_fields}
    layers = known.get("layers_to_transform")
    known["layers_to_transform"] = [layers] if isinstance(layers, int) else layers or None
    for name, value in known.items():
        if isinstance(value, list):
            known[name] = tuple(value)
    try:
        return LoRAConfig(**known)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def _shown(value: object) -> str:
    """Write what a stranger's file says, however long or deep."""
    return in_a_line(value) if isinstance(value, str) else reprlib.repr(value)
