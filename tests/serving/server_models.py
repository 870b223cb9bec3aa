"""What the test servers serve: SavedModels, with the errors that TF Serving has for them."""

from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2


class RefusalError(Exception):
    """An answer other than OK."""

    def __init__(self, code: grpc.StatusCode, message: str):
        super().__init__(message)
        self.code, self.message = code, message

    @property
    def status(self) -> int:
        """The HTTP status that TF Serving has for the code."""
        return {
            grpc.StatusCode.INVALID_ARGUMENT: 400,
            grpc.StatusCode.NOT_FOUND: 404,
            grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
            grpc.StatusCode.UNAVAILABLE: 503,
        }[self.code]


def bad_request(message: str) -> RefusalError:
    return RefusalError(grpc.StatusCode.INVALID_ARGUMENT, message)


def _not_found(which: str) -> RefusalError:
    message = f"Servable not found for request: {which}"
    return RefusalError(grpc.StatusCode.NOT_FOUND, message)


class Models:
    """All versions in a folder, by ``(name, version)``."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._loaded = {}

    def versions(self, name: str) -> list[int]:
        found = sorted(int(each.name) for each in self._folder.glob(f"{name}/[0-9]*"))
        if not found:
            raise _not_found(f"Latest({name})")
        return found

    def find(self, name: str, version: int | None) -> tuple:
        """Return the version and its function and SignatureDefs."""
        wanted = version
        if wanted is None:
            wanted = self.versions(name)[-1]
        path = self._folder / name / str(wanted)
        if not path.is_dir():
            raise _not_found(f"Specific({name}, {wanted})")
        if (name, wanted) not in self._loaded:
            proto = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
            function = tf.saved_model.load(str(path)).signatures["serving_default"]
            self._loaded[name, wanted] = function, proto.meta_graphs[0].signature_def
        return wanted, *self._loaded[name, wanted]


def computed(function, signature, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    if set(inputs) != set(signature.inputs):
        raise bad_request(f"input size does not match signature: {sorted(inputs)}")
    for name, info in signature.inputs.items():
        sizes = [axis.size for axis in info.tensor_shape.dim]
        shape, dtype = inputs[name].shape, tf.dtypes.as_dtype(info.dtype)
        fits = len(sizes) == len(shape) and all(
            a in (-1, b) for a, b in zip(sizes, shape, strict=True)
        )
        if not fits or tf.dtypes.as_dtype(inputs[name].dtype) != dtype:
            raise bad_request(f"Matrix size-incompatible: {name} has {shape}, expected {sizes}")
    found = function(**{name: tf.constant(array) for name, array in inputs.items()})
    return {name: np.asarray(tensor.numpy()) for name, tensor in found.items()}


def metadata_of(models: Models, name: str, version: int | None):
    version, _, signatures = models.find(name, version)
    known = get_model_metadata_pb2.SignatureDefMap()
    for key, signature in signatures.items():
        known.signature_def[key].CopyFrom(signature)
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = name
    response.model_spec.version.value = version
    response.metadata["signature_def"].Pack(known)
    return response


def status_of(models: Models, name: str):
    response = get_model_status_pb2.GetModelStatusResponse()
    for version in models.versions(name):
        each = response.model_version_status.add()
        each.version = version
        each.state = each.AVAILABLE
        each.status.SetInParent()
    return response
