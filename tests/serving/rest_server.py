"""A small server with TF Serving's REST API: https://www.tensorflow.org/tfx/serving/api_rest."""

import base64
import json
import re
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import tensorflow as tf
from werkzeug import Response

from keras_suite.serving.card import read_signature
from tests.data.web import answering
from tests.experiments.processes import LOAD

URL = re.compile(r"/v1/models/(\w+)(?:/versions/(\d+))?(?::predict)?")


@contextmanager
def rest_server(models: Path):
    """Serve a folder's models; gives url, the bodies asked, and faults to answer first with."""
    told = SimpleNamespace(bodies=[], faults=[])

    def app(request):
        name, version = URL.fullmatch(request.path).groups()
        folder = models / name / (version or max(each.name for each in (models / name).glob("*")))
        if request.method == "GET":
            status = {"version": folder.name, "state": "AVAILABLE"}
            return Response(json.dumps({"model_version_status": [status]}))
        told.bodies.append(json.loads(request.data))
        fault = told.faults.pop(0) if told.faults else None
        status, content = fault or _predicted(folder, told.bodies[-1])
        return Response(content if isinstance(content, bytes) else json.dumps(content), status)

    with answering(app) as told.url:
        yield told


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
