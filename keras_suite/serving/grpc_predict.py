"""TF Serving's gRPC protocol, by the messages that tensorflow-serving-api publishes."""

import os
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from keras_suite.errors import InputError
from keras_suite.serving import protocol
from keras_suite.serving.protocol import SIGNATURE, Arrays, Signature, Spec, UnavailableError

if TYPE_CHECKING:
    from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

OPTIONS = [
    ("grpc.max_receive_message_length", -1),  # 4 MB otherwise
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),  # REST asks none either
    ("grpc.initial_reconnect_backoff_ms", 100),  # else a second try comes before a reconnection
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
]


class Grpc:
    """A server's gRPC port; see :class:`keras_suite.serving.protocol.Server`.

    Args:
        address: HOST:PORT.
        timeout: seconds to wait for an answer.

    Raises:
        InputError: where tensorflow-serving-api is not installed.
    """

    USUAL_PORT = 8500

    def __init__(self, address: str, timeout: float):
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # it tells of each lost connection
        try:
            import grpc
            from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc
        except ImportError as error:
            raise InputError(
                f"gRPC needs what is not installed here ({error}): pip install -e '.[serving]', or "
                "use --rest."
            ) from error
        self._address = address
        self._timeout = timeout
        channel = grpc.insecure_channel(address, OPTIONS)
        self._predictions = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(channel)

    def predict(self, name: str, version: int | None, inputs: Arrays, outputs: dict) -> Arrays:
        """Compute outputs."""
        request = encode(name, version, inputs)
        return decode(self._ask(self._predictions.Predict, request, name, version))

    def signature(self, name: str, version: int | None) -> Signature:
        """Look up what the model takes and gives."""
        from tensorflow_serving.apis import get_model_metadata_pb2

        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        _address_to(request, name, version)
        answer = self._ask(self._predictions.GetModelMetadata, request, name, version)
        known = get_model_metadata_pb2.SignatureDefMap()
        answer.metadata["signature_def"].Unpack(known)
        if SIGNATURE not in known.signature_def:
            why = f"it has no signature {SIGNATURE}."
            raise protocol.refusal(self._address, name, version, why)
        found = known.signature_def[SIGNATURE]
        return {
            "inputs": {tensor: _spec(info) for tensor, info in found.inputs.items()},
            "outputs": {tensor: _spec(info) for tensor, info in found.outputs.items()},
        }

    def states(self, name: str) -> list[tuple[str, str]]:
        """Look up each version's state."""
        from tensorflow_serving.apis import get_model_status_pb2

        request = get_model_status_pb2.GetModelStatusRequest()
        _address_to(request, name, None)
        answer = self._ask(self._models.GetModelStatus, request, name, None)
        return [
            (each.State.Name(each.state), each.status.error_message)
            for each in answer.model_version_status
        ]

    def _ask(self, method: Callable, request, name: str, version: int | None):
        import grpc

        try:
            return method(request, timeout=self._timeout)
        except grpc.RpcError as error:
            code, said = error.code(), textwrap.shorten(error.details() or "", 200)
            if code == grpc.StatusCode.UNAVAILABLE:
                raise UnavailableError(_reason(said)) from error
            if code == grpc.StatusCode.DEADLINE_EXCEEDED:
                raise protocol.silence(self._address, self._timeout) from error
            why = f"{said.rstrip('.')} ({code.name})."
            raise protocol.refusal(self._address, name, version, why) from error


def encode(name: str, version: int | None, inputs: Arrays) -> "PredictRequest":
    """Write a request for a prediction."""
    import tensorflow as tf
    from tensorflow_serving.apis.predict_pb2 import PredictRequest

    request = PredictRequest()
    _address_to(request, name, version)
    request.model_spec.signature_name = SIGNATURE
    for tensor, array in inputs.items():
        array = array.astype(object) if array.dtype.kind in "SU" else array
        request.inputs[tensor].CopyFrom(tf.make_tensor_proto(array))
    return request


def decode(response: "PredictResponse") -> Arrays:
    """Read the outputs of an answer."""
    import tensorflow as tf

    return {name: np.array(tf.make_ndarray(proto)) for name, proto in response.outputs.items()}


def _reason(said: str) -> str:
    """Return the last and plainest part of what gRPC itself says of a failed connection."""
    return said.rpartition(": ")[2] if "last error: " in said else said


def _address_to(request, name: str, version: int | None) -> None:
    request.model_spec.name = name
    if version is not None:
        request.model_spec.version.value = version


def _spec(info) -> Spec:
    from tensorflow.core.framework import types_pb2

    shape = info.tensor_shape
    dtype = types_pb2.DataType.Name(info.dtype)
    return protocol.spec(dtype, [axis.size for axis in shape.dim], shape.unknown_rank)
