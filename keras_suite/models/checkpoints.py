"""Pretrained models of transformers, with every weight they need and never from a pickle."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import h5py
from safetensors import safe_open
from transformers.modeling_tf_pytorch_utils import (
    TransposeType,
    convert_tf_weight_name_to_pt_weight_name,
    load_pytorch_state_dict_in_tf2_model,
)

from keras_suite.data.hub import CONFIG, H5, SAFETENSORS, Checkpoint, find_checkpoint
from keras_suite.errors import InputError, in_a_line
from keras_suite.layers.transformers_tf import AutoConfig, tf_keras

AXES = {TransposeType.SIMPLE: (1, 0), TransposeType.CONV2D: (3, 2, 0, 1)}
"""Of a TF weight, in the order that PyTorch has them."""


def load_pretrained(
    kind: type,
    name_or_path: str | Path,
    what: str,
    may_lack: Callable[[tf_keras.Model, str], bool],
    also: str = "",
    families: Collection[str] = (),
) -> tf_keras.Model:
    """Load a TF model of transformers from a folder or the Hugging Face hub.

    What is taken of a folder or repository is as :func:`keras_suite.data.hub.find_checkpoint` has
    it. Weights of float16 and bfloat16 become float32.

    Args:
        kind: the model's class in transformers, or an auto class.
        name_or_path: a folder with config.json and weights, or a name on the hub.
        what: the person calls the model, for the error.
        may_lack: whether the model, once loaded, can do without its weight of a name.
        also: what further to fetch, for the error.
        families: model types of transformers that can be used; all by default.

    Raises:
        InputError: saying which files to put where; also where the model would keep random
            weights because the checkpoint lacks them or has them in another shape.
    """
    found = find(name_or_path, what, also, families)
    try:
        model, report = _load(kind, found)
        shapes = dict(_shapes(found))
    except Exception as error:  # the libraries raise whatever their parsers do
        raise _refusal(name_or_path, in_a_line(error, 250), what, also) from error
    lacking = report["missing_keys"] + [name for name, *_ in report["mismatched_keys"]]
    if not report["mismatched_keys"]:  # which transformers tells of where it cannot reshape
        lacking += _misshapen(model, shapes)
    lost = {name for name in lacking if not may_lack(model, name)}
    if lost:
        reason = f"{found.weights[0]} lacks {len(lost)} of its weights, such as {min(lost)}"
        raise _refusal(name_or_path, f"{reason}, or has them in another shape", what, also)
    model.config.name_or_path = ""  # the folder is nothing to save in a model's file
    return model


def find(
    name_or_path: str | Path, what: str, also: str = "", families: Collection[str] = ()
) -> Checkpoint:
    """Find what :func:`load_pretrained` would load, fetched where need be, without loading it.

    Raises:
        InputError: saying which files to put where.
    """
    try:
        return find_checkpoint(name_or_path, families)
    except Exception as error:
        raise _refusal(name_or_path, in_a_line(error, 250), what, also) from error


def _load(kind: type, found: Checkpoint) -> tuple[tf_keras.Model, dict]:
    if found.weights == (SAFETENSORS,):
        with safe_open(found.folder / SAFETENSORS, framework="tf") as archive:
            if "format" not in (archive.metadata() or {}):  # which from_pretrained refuses
                config = AutoConfig.from_pretrained(found.folder, local_files_only=True)
                model = getattr(kind, "from_config", kind)(config)
                model.build_in_name_scope()
                rules = {"allow_missing_keys": True, "ignore_mismatched_sizes": True}
                rules |= {"tf_inputs": False, "output_loading_info": True}
                return load_pytorch_state_dict_in_tf2_model(model, archive, **rules)
    return kind.from_pretrained(
        str(found.folder),
        use_safetensors=found.weights != (H5,),
        local_files_only=True,
        ignore_mismatched_sizes=True,  # reported, unlike what it raises
        output_loading_info=True,
    )


def _shapes(found: Checkpoint) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Give the shape of each weight in the files by its name there."""
    for name in found.weights:
        file = found.folder / name
        if name == H5:
            yield from _shapes_of_h5(file)
        elif name.endswith(".safetensors"):
            with safe_open(file, framework="np") as archive:
                for key in archive.keys():  # noqa: SIM118 - it is no mapping
                    yield _renamed(key), tuple(archive.get_slice(key).get_shape())


def _shapes_of_h5(file: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    found: list[tuple[str, tuple[int, ...]]] = []

    def visit(name: str, node: object) -> None:
        if isinstance(node, h5py.Dataset):
            found.append((name.partition("/")[2].partition("/")[2], node.shape))

    with h5py.File(file) as archive:
        archive.visititems(visit)
    yield from found


def _renamed(key: str) -> str:
    """Return the present name of a weight that old checkpoints call gamma or beta."""
    return key.replace("LayerNorm.gamma", "LayerNorm.weight").replace(
        "LayerNorm.beta", "LayerNorm.bias"
    )


def _misshapen(model: tf_keras.Model, shapes: dict[str, tuple[int, ...]]) -> list[str]:
    """Name weights whose shape in the files is another: transformers reshapes where it can."""
    prefix = model.base_model_prefix
    lost = []
    for weight in model.weights:
        name, transpose = convert_tf_weight_name_to_pt_weight_name(
            weight.name, tf_weight_shape=weight.shape
        )
        axes = AXES.get(transpose, range(len(weight.shape)))
        expected = tuple(weight.shape[axis] for axis in axes)
        of_tf = weight.name.partition("/")[2]
        for key, shape in ((name, expected), (of_tf, tuple(weight.shape))):
            bare = key.removeprefix(f"{prefix}.").removeprefix(f"{prefix}/")
            found = shapes.get(key, shapes.get(bare))
            if found is not None and found != shape:
                lost.append(name)
    return lost


def _refusal(name_or_path: str | Path, reason: str, what: str, also: str) -> InputError:
    return InputError(
        f"No {what} from {name_or_path} ({reason}): fetch {CONFIG} and {SAFETENSORS} or {H5} "
        f"(pickles such as pytorch_model.bin are never loaded){also}, put them into one folder and "
        "name that folder."
    )
