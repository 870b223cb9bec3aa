"""What a served model is, takes and gives."""

from pathlib import Path

from keras_suite.errors import InputError
from keras_suite.runs.read import RunFolder
from keras_suite.terminal.quiet import start_tensorflow

SIGNATURE = "serving_default"


def make_card(run: RunFolder, version: int | None) -> dict:
    """Describe a version, None for no number yet, of a run's model, or raise InputError.

    What the run tells of serving comes besides: ``classes``, ``columns``, ``text``.
    """
    metrics, told = run.metrics, dict(run.metrics["serving"])
    inputs, outputs = read_signature(run.saved_model)
    return {
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
    } | told


def read_signature(saved_model: Path) -> tuple[dict[str, dict], dict[str, dict]]:
    """Read the inputs and outputs of a SavedModel's signature ``serving_default``.

    Both come by name: ``{"dtype": "float32", "shape": [None, 29]}``; an open size is None, and so
    is the shape where even the number of axes is open. Raises InputError where it is no SavedModel
    or has no such signature.
    """
    start_tensorflow()
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
