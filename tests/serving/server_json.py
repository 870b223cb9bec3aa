"""JSON as TF Serving reads and writes it: https://www.tensorflow.org/tfx/serving/api_rest."""

import base64
import json
import math

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow_serving.apis import get_model_metadata_pb2

from tests.serving.server_models import bad_request, computed, metadata_of, status_of


def predicted_json(sent: bytes, function, signature) -> str:
    """Answer a request for a prediction in its own format, row or columnar."""
    body = json.loads(sent)
    if ("instances" in body) == ("inputs" in body):
        raise bad_request("JSON must have one of 'instances' and 'inputs'")
    names = list(signature.inputs)
    if "inputs" in body:
        values = body["inputs"]
        if not isinstance(values, dict) or set(values) == {"b64"}:
            values = {names[0]: values}
    elif isinstance(body["instances"][0], dict) and set(body["instances"][0]) != {"b64"}:
        values = {name: [row[name] for row in body["instances"]] for name in names}
    else:
        values = {names[0]: body["instances"]}
    inputs = {
        name: tensor_of(values[name], info.dtype)
        for name, info in signature.inputs.items()
        if name in values
    }
    if inputs.keys() != values.keys():
        raise bad_request(f"JSON has inputs {sorted(values)} that are not all of the signature")
    outputs = computed(function, signature, inputs)
    texts = {name: written(each, name.endswith("_bytes")) for name, each in outputs.items()}
    if "inputs" in body:
        named = ", ".join(f'"{name}": {text}' for name, text in texts.items())
        return f'{{"outputs": {f"{{{named}}}" if len(texts) > 1 else texts.popitem()[1]}}}'
    if len(outputs) == 1:
        return f'{{"predictions": {texts.popitem()[1]}}}'
    rows = zip(*outputs.values(), strict=True)
    objects = [
        ", ".join(
            f'"{name}": {written(value, name.endswith("_bytes"))}'
            for name, value in zip(outputs, row, strict=True)
        )
        for row in rows
    ]
    return f'{{"predictions": [{", ".join(f"{{{each}}}" for each in objects)}]}}'


def metadata_json(models, name: str, version: int | None) -> str:
    """Write what TF Serving does, whose Any has no @type."""
    response = metadata_of(models, name, version)
    known = get_model_metadata_pb2.SignatureDefMap()
    response.metadata["signature_def"].Unpack(known)
    spec = response.model_spec
    content = json_format.MessageToDict(
        known, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    spec = {"name": spec.name, "signature_name": "", "version": str(spec.version.value)}
    return json.dumps({"model_spec": spec, "metadata": {"signature_def": content}})


def status_json(models, name: str) -> str:
    return json_format.MessageToJson(
        status_of(models, name),
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )


def tensor_of(value, dtype: int) -> np.ndarray:
    """Read a tensor from its nested lists, as strictly as the server does."""
    dtype = tf.dtypes.as_dtype(dtype)
    flat, shape = [], []
    each = value
    while isinstance(each, list):
        shape.append(len(each))
        each = each[0] if each else None

    def read(value, level):
        if isinstance(value, list):
            if level >= len(shape) or len(value) != shape[level]:
                raise bad_request(f"Encountered list at unexpected size: {len(value)}")
            for inner in value:
                read(inner, level + 1)
        else:
            flat.append(_value(value, dtype))

    read(value, 0)
    return np.array(flat, dtype.as_numpy_dtype).reshape(shape)


def _value(value, dtype: tf.DType):
    error = bad_request(f"JSON Value: {value!r} is not of expected type: {dtype.name}")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if dtype == tf.string:
        if isinstance(value, dict) and set(value) == {"b64"}:
            return base64.b64decode(value["b64"], validate=True)
        if not isinstance(value, str):
            raise error
        return value.encode()
    if dtype == tf.bool:
        if not isinstance(value, bool):
            raise error
    elif dtype.is_floating:
        if not number or (math.isfinite(value) and not dtype.min <= value <= dtype.max):
            raise error
        if isinstance(value, int) and abs(value) >= 2 ** (24 if dtype == tf.float32 else 53):
            raise error
    elif not number or isinstance(value, float) or not dtype.min <= value <= dtype.max:
        raise error
    return value


def written(value, as_bytes: bool) -> str:
    """Write a value or nested lists, floats with the digits that the server gives them."""
    value = np.asarray(value) if not isinstance(value, bytes) else value
    if isinstance(value, bytes) or (value.dtype == object and value.ndim == 0):
        text = value if isinstance(value, bytes) else value.item()
        if as_bytes:
            return json.dumps({"b64": base64.b64encode(text).decode()})
        return json.dumps(text.decode("utf-8", "surrogateescape"), ensure_ascii=False)
    if value.ndim:
        return f"[{', '.join(written(each, as_bytes) for each in value)}]"
    if value.dtype.kind != "f":
        return json.dumps(value.item())
    if not np.isfinite(value):
        return json.dumps(float(value))
    digits = f"{value:.6g}"
    if value.dtype.type(digits) != value:
        digits = f"{value:.{9 if value.dtype == np.float32 else 17}g}"
    return digits if "." in digits or "e" in digits else f"{digits}.0"
