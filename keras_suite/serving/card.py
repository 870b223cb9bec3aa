"""What a served model is, takes and gives, for its clients."""

from collections.abc import Mapping
from pathlib import Path

from keras_suite.errors import InputError
from keras_suite.serving.finished_runs import FinishedRun


def make_card(run: FinishedRun, version: int) -> dict:
    """Describe a version of a run's model.

    Args:
        run: whose export it is.
        version: its number.

    Returns:
        ``name``, ``version``, ``experiment``, ``model``, ``about`` (what is reproduced), ``run``
        (the folder's name), ``data`` (``kind`` and ``source``), ``inputs`` and ``outputs`` (by
        name, ``dtype`` and ``shape`` of the signature ``serving_default``; None where a size is
        open) and what the run tells besides: ``serves`` (what goes in and comes out), ``classes``,
        ``text`` and the like.
    """
    metrics = run.metrics
    inputs, outputs = read_signature(run.saved_model)
    told = dict(metrics.get("serving") or {})
    serves = told.pop("about", "")
    data = metrics.get("data") or {}
    return {
        "name": run.name,
        "version": version,
        "experiment": run.name,
        "model": metrics.get("exported", ""),
        "about": metrics.get("about", ""),
        "serves": serves,
        "run": run.folder.name,
        "data": {"kind": data.get("kind", ""), "source": data.get("source", "")},
        "inputs": inputs,
        "outputs": outputs,
    } | told


def read_signature(saved_model: Path) -> tuple[dict[str, dict], dict[str, dict]]:
    """Read the inputs and outputs of a SavedModel's signature ``serving_default``.

    Args:
        saved_model: its folder.

    Returns:
        Both by name: ``{"dtype": "float32", "shape": [None, 29]}``; the shape is None where even
        the number of axes is open.

    Raises:
        InputError: where it is no SavedModel.
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    file = saved_model / "saved_model.pb"
    try:
        model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
        signature = model.meta_graphs[0].signature_def["serving_default"]
    except (DecodeError, IndexError) as error:
        raise InputError(f"{file} is not a SavedModel: run the experiment again.") from error
    return _tensors(signature.inputs), _tensors(signature.outputs)


def _tensors(infos: Mapping) -> dict[str, dict]:
    import tensorflow as tf

    return {
        name: {
            "dtype": tf.dtypes.as_dtype(infos[name].dtype).name,
            "shape": _shape(infos[name].tensor_shape),
        }
        for name in sorted(infos)
    }


def _shape(shape) -> list[int | None] | None:
    if shape.unknown_rank:
        return None
    return [None if axis.size < 0 else axis.size for axis in shape.dim]
