"""A small server with TF Serving's REST API: https://www.tensorflow.org/tfx/serving/api_rest."""

import base64
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

URL = re.compile(r"/v1/models/(\w+)(?:/versions/(\d+))?(?::predict)?")


@contextmanager
def rest_server(models: Path):
    """Serve a folder's models; gives url, the bodies asked, and faults to answer first with."""
    told = SimpleNamespace(url="", bodies=[], faults=[])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self._answer(*_status(models, self.path))

        def do_POST(self):
            told.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if told.faults:
                self._answer(*told.faults.pop(0))
            else:
                self._answer(*_predicted(models, self.path, told.bodies[-1]))

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


def _version(models: Path, path: str) -> Path | None:
    name, version = URL.fullmatch(path).groups()
    folder = models / name / (version or max(each.name for each in (models / name).glob("*")))
    return folder if folder.is_dir() else None


def _status(models: Path, path: str) -> tuple[int, dict]:
    if folder := _version(models, path):
        return 200, {"model_version_status": [{"version": folder.name, "state": "AVAILABLE"}]}
    return 404, {"error": f"Could not find any versions of model {path}"}


def _predicted(models: Path, path: str, body: dict) -> tuple[int, dict]:
    folder = _version(models, path)
    if folder is None:
        return 404, {"error": f"Servable not found for request: {path}"}
    specs, _ = read_signature(folder)
    loaded = tf.saved_model.load(str(folder))
    try:
        inputs = {name: _tensor(body["inputs"][name], each) for name, each in specs.items()}
        outputs = loaded.signatures[body.get("signature_name", "serving_default")](**inputs)
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
