"""What a served model is, takes and gives."""

import json
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

from typeguard import CollectionCheckStrategy, TypeCheckError, check_type

from keras_suite.errors import InputError, in_a_line
from keras_suite.runs.read import RunFolder
from keras_suite.terminal.quiet import start_tensorflow

SIGNATURE = "serving_default"
SIZES = "max_length", "stride", "max_answer_tokens"


class Spec(TypedDict):
    """Of an input or output; an open size is None, and so is the shape if even its length is."""

    dtype: str
    shape: list[int | None] | None


class Card(TypedDict):
    """What clients rely on; a card may hold more."""

    name: str
    version: int | None
    data: dict[str, str]
    inputs: dict[str, Spec]
    outputs: dict[str, Spec]
    classes: NotRequired[list[str] | None]
    columns: NotRequired[list[str]]
    text: NotRequired[dict]


class Text(TypedDict):
    """How texts become inputs."""

    reads: Literal["text", "pair", "question"]
    max_length: int
    clean: NotRequired[bool]
    stride: NotRequired[int]
    max_answer_tokens: NotRequired[int]
    threshold: NotRequired[float]


def make_card(run: RunFolder, version: int | None) -> dict:
    """Describe a version, None for no number yet, of a run's model, or raise InputError.

    What the run tells of serving comes besides: ``classes``, ``columns``, ``text``.
    """
    metrics, told = run.metrics, dict(run.metrics["serving"])
    inputs, outputs = read_signature(run.saved_model)
    card = told | {
        "name": run.name,
        "version": version,
        "experiment": run.name,
        "model": metrics["exported"],
        "about": metrics["about"],  # what is reproduced
        "serves": told.pop("about", ""),  # what goes in and comes out
        "run": run.folder.name,
        "data": {name: metrics["data"].get(name, "") for name in ("kind", "source")},
        "inputs": inputs,
        "outputs": outputs,
    }
    return _checked(card, run.folder / "metrics.json", "run the experiment again")


def read_card(file: Path) -> dict:
    """Read the card of an export, or raise InputError where it is not as :class:`Card` has it."""
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file} cannot be read: export it again.") from error
    return _checked(card, file, "export it again")


def _checked(card: Any, file: Path, remedy: str) -> dict:
    """Return a card that is of its types; raise InputError naming the file otherwise."""
    for kind, of in ((Card, None), (Text, "text")):
        try:
            found = card if of is None else card.get(of)
            if found is None:
                continue
            known = {name: found[name] for name in kind.__annotations__ if name in found}
            check_type(known, kind, collection_check_strategy=CollectionCheckStrategy.ALL_ITEMS)
        except (TypeCheckError, TypeError, AttributeError) as error:
            why = in_a_line(str(error).splitlines()[0]).rstrip(":")
            raise InputError(
                f"{file} does not say what the model reads ({why}): {remedy}."
            ) from None
    sizes = [card.get("text", {}).get(name, 1) for name in SIZES]
    if not all(0 <= size <= 10**6 for size in sizes):
        raise InputError(f"{file} gives {', '.join(SIZES)} that no text has: {remedy}.")
    if not card["inputs"]:
        raise InputError(f"{file} names no input of the model: {remedy}.")
    return card


def read_signature(saved_model: Path) -> tuple[dict[str, dict], dict[str, dict]]:
    """Read the inputs and outputs of a SavedModel's signature ``serving_default``.

    Both come by name: ``{"dtype": "float32", "shape": [None, 29]}``; an open size is None, and so
    is the shape where even the number of axes is open. Raises InputError where it is no SavedModel
    or has no such signature.
    """
    start_tensorflow(with_keras=False)
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    file = saved_model / "saved_model.pb"
    try:
        (graph, *_) = saved_model_pb2.SavedModel.FromString(file.read_bytes()).meta_graphs
    except (OSError, DecodeError, ValueError) as error:
        raise InputError(f"{file} is not a SavedModel: run the experiment again.") from error
    if SIGNATURE not in graph.signature_def:
        raise InputError(f"{file} has no signature {SIGNATURE}: run the experiment again.")
    signature = graph.signature_def[SIGNATURE]
    return _specs(signature.inputs), _specs(signature.outputs)


def _specs(infos) -> dict[str, dict]:
    import tensorflow as tf

    shapes = {name: tf.TensorShape(infos[name].tensor_shape) for name in sorted(infos)}
    return {
        name: {
            "dtype": tf.dtypes.as_dtype(infos[name].dtype).name,
            "shape": None if shape.rank is None else shape.as_list(),
        }
        for name, shape in shapes.items()
    }
