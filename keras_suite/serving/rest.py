"""A model called over TF Serving's REST API (https://www.tensorflow.org/tfx/serving/api_rest)."""

import base64
import json
from collections.abc import Mapping
from urllib.parse import quote

import numpy as np
import requests
from requests.adapters import HTTPAdapter, Retry

from keras_suite.errors import InputError, in_a_line
from keras_suite.serving.batches import Arrays, Call
from keras_suite.serving.card import SIGNATURE

BUSY = 429, 503
MALFORMED = ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError
PATIENCE = Retry(3, read=False, status_forcelist=BUSY, allowed_methods=None, backoff_factor=0.2)
"""Tries for a server that cannot be reached or says it is busy; predicting twice does no harm."""


def rest_model(
    url: str, name: str, version: int | None, outputs: Mapping[str, dict], timeout: float
) -> Call:
    """Make a call of a model that a server holds; it raises InputError with the server's words.

    The URL is such as ``http://localhost:8501``, the version None for the server's newest, the
    outputs are of the model's card, for their dtypes, and the timeout is in seconds for an answer.
    """
    url = (url if "://" in url else f"http://{url}").rstrip("/")
    which = "" if version is None else f"/versions/{version}"
    address = f"{url}/v1/models/{quote(name, safe='')}{which}:predict"
    session = requests.Session()
    session.mount(url, HTTPAdapter(max_retries=PATIENCE.new(raise_on_status=False)))

    def call(inputs: Arrays) -> Arrays:
        try:
            answer = session.post(address, encode(inputs), timeout=timeout)
        except requests.ReadTimeout as error:
            raise InputError(
                f"{url} gave no answer within {timeout:g} s: give it longer with --timeout."
            ) from error
        except requests.RequestException as error:
            reason = str(error).rpartition(": ")[2].rstrip("')\"")
            raise InputError(
                f"{url} cannot be reached ({reason}): start TensorFlow Serving there, or give its "
                "REST address, such as --rest http://localhost:8501."
            ) from error
        try:
            if answer.ok:
                return decode(answer.content, outputs)
            said = in_a_line(str(answer.json()["error"])).rstrip(". ")
        except MALFORMED as error:
            text = in_a_line(answer.text, 80)
            raise InputError(
                f"{url} does not answer as TensorFlow Serving does for {name}, but with status "
                f"{answer.status_code} and {text!r}: give the address of its REST port."
            ) from error
        raise InputError(f"{url} refuses {name}{which}: {said} (status {answer.status_code}).")

    return call


def encode(inputs: Arrays) -> bytes:
    """Write the body of a request in columnar format, strings as base64.

    A float is written as the float64 that it equals: the shortest digits of the greatest float32
    would be beyond its range, which the server refuses.
    """
    columns = {
        name: _base64(array.tolist()) if array.dtype == object else array.tolist()
        for name, array in inputs.items()
    }
    return json.dumps({"signature_name": SIGNATURE, "inputs": columns}).encode()


def decode(body: bytes, outputs: Mapping[str, dict]) -> Arrays:
    """Read the body of an answer in columnar format, in which a sole output has no name.

    Raises one of :data:`MALFORMED` where it is not as documented.
    """
    values = json.loads(body.decode("utf-8", "surrogateescape"))["outputs"]  # any bytes in strings
    columns = values if len(outputs) > 1 else dict.fromkeys(outputs, values)
    return {
        name: np.array(_bytes(columns[name]), object)
        if spec["dtype"] == "string"
        else np.array(columns[name], spec["dtype"])
        for name, spec in outputs.items()
    }


def _base64(values):
    if isinstance(values, list):
        return [_base64(each) for each in values]
    values = values.encode() if isinstance(values, str) else values
    return {"b64": base64.b64encode(values).decode()}


def _bytes(values):
    if isinstance(values, list):
        return [_bytes(each) for each in values]
    if isinstance(values, dict):
        return base64.b64decode(values["b64"])
    return values.encode("utf-8", "surrogateescape")
