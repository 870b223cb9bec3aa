"""Servers that keep TF Serving's documented rules around SavedModels, since its binary is not here.

REST: https://www.tensorflow.org/tfx/serving/api_rest; gRPC: the published protos.
"""

import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from tests.serving.server_json import metadata_json, predicted_json, status_json
from tests.serving.server_models import (
    Models,
    RefusalError,
    bad_request,
    computed,
    metadata_of,
    status_of,
)

SILENCE = "silence"
"""A fault: no answer for a while."""
URL = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+))?(:predict|/metadata)?")


@dataclass(frozen=True)
class Serving:
    """A server that runs.

    Args:
        address: HOST:PORT.
        asked: what it was asked for, in order: the REST path, or the gRPC method.
        messages: bodies or requests of predictions, in order.
        faults: taken one by one, before anything is done: SILENCE or a RefusalError.
    """

    address: str
    asked: list
    messages: list
    faults: list


def start_rest(models: Models, port: int = 0) -> tuple[Serving, Callable[[], None]]:
    """Start a server, by default at a free port; return it and what stops it."""
    asked, messages, faults, stopping = [], [], [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self._answer()

        def do_POST(self):
            self._answer()

        def log_message(self, *_):
            """Not on the terminal."""

        def _answer(self):
            asked.append(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                _take_a_fault(faults, stopping)
                status, content = 200, _rest_answer(models, self.command, self.path, sent, messages)
            except RefusalError as error:
                status, content = error.status, json.dumps({"error": error.message})
            body = content.encode("utf-8", "surrogateescape")  # strings may be any bytes
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def stop():
        stopping.set()
        server.shutdown()
        server.server_close()

    return Serving(f"127.0.0.1:{server.server_port}", asked, messages, faults), stop


def start_grpc(models: Models, port: int = 0) -> tuple[Serving, Callable[[], None]]:
    """Start a server, by default at a free port; return it and what stops it."""
    asked, messages, faults, stopping = [], [], [], threading.Event()

    def answering(method):
        def answer(_, request, context):
            asked.append(method.__name__)
            try:
                _take_a_fault(faults, stopping)
                return method(request)
            except RefusalError as error:
                return context.abort(error.code, error.message)

        return answer

    def version_of(request) -> int | None:
        spec = request.model_spec
        return spec.version.value if spec.HasField("version") else None

    def predict(request):
        messages.append(request)
        version, function, signatures = models.find(request.model_spec.name, version_of(request))
        assert request.model_spec.signature_name in ("", "serving_default")
        signature = signatures["serving_default"]
        inputs = {name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}
        response = predict_pb2.PredictResponse()
        response.model_spec.CopyFrom(request.model_spec)
        response.model_spec.version.value = version
        for name, tensor in computed(function, signature, inputs).items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(tensor))
        return response

    def get_model_metadata(request):
        assert request.metadata_field == ["signature_def"]
        return metadata_of(models, request.model_spec.name, version_of(request))

    def get_model_status(request):
        return status_of(models, request.model_spec.name)

    class Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
        Predict = answering(predict)
        GetModelMetadata = answering(get_model_metadata)

    class Status(model_service_pb2_grpc.ModelServiceServicer):
        GetModelStatus = answering(get_model_status)

    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", -1)])
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Predictions(), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Status(), server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()

    def stop():
        stopping.set()
        server.stop(None).wait()

    return Serving(f"127.0.0.1:{port}", asked, messages, faults), stop


def _take_a_fault(faults: list, stopping: threading.Event) -> None:
    fault = faults.pop(0) if faults else None
    if fault == SILENCE:
        stopping.wait(5)
    elif fault is not None:
        raise fault


def _rest_answer(models: Models, method: str, path: str, sent: bytes, messages: list) -> str:
    found = URL.fullmatch(path)
    if not found or method != ("POST" if found[3] == ":predict" else "GET"):
        raise bad_request(f"Malformed request: {method} {path}")
    name, version = found[1], int(found[2]) if found[2] else None
    if found[3] == "/metadata":
        return metadata_json(models, name, version)
    if found[3] is None:
        return status_json(models, name)
    messages.append(sent)
    _, function, signatures = models.find(name, version)
    return predicted_json(sent, function, signatures["serving_default"])
