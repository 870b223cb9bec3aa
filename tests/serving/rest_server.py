"""A small server with TF Serving's REST API: https://www.tensorflow.org/tfx/serving/api_rest."""

import base64
import functools
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from keras_suite.serving.card import read_signature

LOAD = functools.cache(tf.saved_model.load)
URL = re.compile(r"/v1/models/(\w+)(?:/versions/(\d+))?(?::predict)?")


@contextmanager
def rest_server(models: Path):
    """Serve a folder's models; gives url, the bodies asked, and faults to answer first with."""
    told = SimpleNamespace(url="", bodies=[], faults=[])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self._answer(*_status(_version(models, self.path)))

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.bodies.append(body)
            fault = told.faults.pop(0) if told.faults else None
            self._answer(*fault or _predicted(_version(models, self.path), body))

        def log_message(self, *_):
            """Not on the terminal."""

        def _answer(self, status, content):
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield told
        server.shutdown()


def _version(models: Path, path: str) -> Path:
    name, version = URL.fullmatch(path).groups()
    return models / name / (version or max(each.name for each in (models / name).glob("*")))


def _status(folder: Path) -> tuple[int, dict]:
    if folder.is_dir():
        return 200, {"model_version_status": [{"version": folder.name, "state": "AVAILABLE"}]}
    return 404, {"error": f"Could not find version {folder.name} of model {folder.parent.name}"}


def _predicted(folder: Path, body: dict) -> tuple[int, dict]:
    if not folder.is_dir():
        return 404, {"error": f"Servable not found for request: {folder.parent.name}"}
    specs, _ = read_signature(folder)
    try:
        inputs = {name: _tensor(body["inputs"][name], each) for name, each in specs.items()}
        function = LOAD(str(folder)).signatures[body.get("signature_name", "serving_default")]
        outputs = function(**inputs)
    except (KeyError, ValueError, tf.errors.OpError) as error:
        return 400, {"error": f"Incompatible inputs: {error}"}
    columns = {name: _written(each.numpy()) for name, each in outputs.items()}
    return 200, {"outputs": columns if len(columns) > 1 else columns.popitem()[1]}


def _tensor(values, spec: dict) -> tf.Tensor:
    if spec["dtype"] == "string":
        return tf.constant([base64.b64decode(each["b64"]) for each in values])
    array = np.array(values)  # raises ValueError for rows of different lengths
    tf.TensorShape(spec["shape"]).assert_is_compatible_with(array.shape)
    return tf.constant(array.astype(spec["dtype"]))


def _written(array: np.ndarray) -> list:
    if array.dtype == object:
        return np.vectorize(bytes.decode, [object])(array).tolist()
    return array.tolist()
