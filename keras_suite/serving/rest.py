"""TF Serving's REST protocol, as https://www.tensorflow.org/tfx/serving/api_rest documents it."""

import base64
import json
import textwrap
from collections.abc import Mapping
from urllib.parse import quote

import numpy as np
import urllib3

from keras_suite.errors import InputError
from keras_suite.serving import protocol
from keras_suite.serving.protocol import SIGNATURE, Arrays, Signature, Spec, UnavailableError

ASKS_FOR_PATIENCE = 429, 503


class Rest:
    """A server's REST port; see :class:`keras_suite.serving.protocol.Server`.

    Args:
        address: HOST:PORT.
        timeout: seconds to wait for an answer, or for the next part of it.
    """

    USUAL_PORT = 8501

    def __init__(self, address: str, timeout: float):
        self._address = address
        self._timeout = timeout
        self._pool = urllib3.PoolManager()

    def predict(
        self, name: str, version: int | None, inputs: Arrays, outputs: Mapping[str, Spec]
    ) -> Arrays:
        """Compute outputs."""
        body = self._ask("POST", name, version, ":predict", encode(inputs))
        try:
            return decode(body, outputs)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._not_understood(body) from error

    def signature(self, name: str, version: int | None) -> Signature:
        """Look up what the model takes and gives."""
        body = self._ask("GET", name, version, "/metadata")
        try:
            known = json.loads(body)["metadata"]["signature_def"]["signature_def"][SIGNATURE]
            return {
                part: {tensor: _spec(info) for tensor, info in known[part].items()}
                for part in ("inputs", "outputs")
            }
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._not_understood(body) from error

    def states(self, name: str) -> list[tuple[str, str]]:
        """Look up each version's state."""
        body = self._ask("GET", name, None)
        try:
            found = json.loads(body)["model_version_status"]
            return [(each["state"], each["status"]["error_message"]) for each in found]
        except (ValueError, TypeError, KeyError) as error:
            raise self._not_understood(body) from error

    def _ask(
        self,
        method: str,
        name: str,
        version: int | None,
        what: str = "",
        body: bytes | None = None,
    ) -> bytes:
        """Return the body of an answer with status 200."""
        which = "" if version is None else f"/versions/{version}"
        url = f"http://{self._address}/v1/models/{quote(name, safe='')}{which}{what}"
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            answer = self._pool.request(
                method, url, body=body, headers=headers, timeout=self._timeout, retries=False
            )
        except urllib3.exceptions.ReadTimeoutError as error:
            raise protocol.silence(self._address, self._timeout) from error
        except urllib3.exceptions.HTTPError as error:
            raise UnavailableError(_reason(error)) from error
        if answer.status in ASKS_FOR_PATIENCE:
            raise UnavailableError(f"status {answer.status}, {_error(answer.data)}")
        if answer.status != 200:
            why = f"{_error(answer.data)} (status {answer.status})."
            raise protocol.refusal(self._address, name, version, why)
        return answer.data

    def _not_understood(self, body: bytes) -> InputError:
        return InputError(
            f"{self._address} does not answer as TF Serving does, but with {_shortened(body)}: "
            f"give HOST:PORT of its REST port, usually {self.USUAL_PORT}."
        )


def encode(inputs: Mapping[str, np.ndarray]) -> bytes:
    """Write the body of a request for a prediction, in columnar format.

    Floats are written as the float64 they are equal to: the shortest digits of the greatest
    float32 would be beyond its range, and the server refuse them. Bytes are written as base64.
    """
    columns = {name: _plain(array) for name, array in inputs.items()}
    return json.dumps({"signature_name": SIGNATURE, "inputs": columns}).encode()


def decode(body: bytes, outputs: Mapping[str, Spec]) -> Arrays:
    """Read the body of an answer, in columnar or row format.

    A sole output has no name in it.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: where it is not as documented.
    """
    content = json.loads(body.decode("utf-8", "surrogateescape"))  # strings may be any bytes
    if "outputs" in content:
        values = content["outputs"]
        columns = values if len(outputs) > 1 else dict.fromkeys(outputs, values)
    else:
        rows = content["predictions"]
        columns = {
            name: [row[name] for row in rows] if len(outputs) > 1 else rows for name in outputs
        }
    return {name: _array(columns[name], spec.dtype) for name, spec in outputs.items()}


def _plain(array: np.ndarray):
    """Turn an array to what JSON has for it."""
    return _with_base64(array.tolist()) if array.dtype.kind in "OS" else array.tolist()


def _with_base64(values):
    if isinstance(values, list):
        return [_with_base64(each) for each in values]
    return {"b64": base64.b64encode(values).decode()} if isinstance(values, bytes) else values


def _array(values, dtype: str) -> np.ndarray:
    if dtype == "string":
        return np.array(_bytes(values), object)
    return np.array(values, dtype)


def _bytes(values):
    if isinstance(values, list):
        return [_bytes(each) for each in values]
    if isinstance(values, dict):
        return base64.b64decode(values["b64"])
    return values.encode("utf-8", "surrogateescape")


def _spec(info: dict) -> Spec:
    shape = info["tensor_shape"]
    sizes = [int(axis["size"]) for axis in shape.get("dim", [])]
    return protocol.spec(info["dtype"], sizes, shape.get("unknown_rank", False))


def _error(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]).rstrip(".")
    except (ValueError, TypeError, KeyError):
        return _shortened(body)


def _shortened(body: bytes) -> str:
    text = textwrap.shorten(body.decode("utf-8", "replace"), 80, placeholder=" ...")
    return repr(text) if text else "nothing"


def _reason(error: Exception) -> str:
    """Return what the system or the other side said, without urllib3's objects."""
    inner = [*error.args, error.__cause__, error.__context__, error]
    cause = next(each for each in inner if isinstance(each, Exception))
    said = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return textwrap.shorten(said, 100, placeholder=" ...") if said.isprintable() else "no HTTP"
