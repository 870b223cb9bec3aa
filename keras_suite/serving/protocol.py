"""What the two protocols of TF Serving, REST and gRPC, have in common for a client."""

from typing import NamedTuple, Protocol

import numpy as np

from keras_suite.errors import InputError

SIGNATURE = "serving_default"
DTYPES = {
    "DT_BOOL": "bool",
    "DT_DOUBLE": "float64",
    "DT_FLOAT": "float32",
    "DT_HALF": "float16",
    "DT_INT8": "int8",
    "DT_INT16": "int16",
    "DT_INT32": "int32",
    "DT_INT64": "int64",
    "DT_STRING": "string",
    "DT_UINT8": "uint8",
    "DT_UINT16": "uint16",
    "DT_UINT32": "uint32",
    "DT_UINT64": "uint64",
}
"""TensorFlow's names for what numpy calls so; a "string" is bytes in an array of objects."""

Arrays = dict[str, np.ndarray]


class Spec(NamedTuple):
    """A tensor of a signature: its dtype as in :data:`DTYPES`, and its shape.

    An axis of any length is None in the shape; so is the shape where its rank is unknown.
    """

    dtype: str
    shape: tuple[int | None, ...] | None


Signature = dict[str, dict[str, Spec]]
"""Specs by name, under "inputs" and "outputs"."""


class UnavailableError(Exception):
    """No server there, or one that asks for patience; another try may succeed."""


class RefusedError(InputError):
    """The server understood and says no, in its own words; another try would be refused, too."""


class Server(Protocol):
    """A server that each protocol gives one try at.

    Every method raises UnavailableError, RefusedError, or InputError where there is no answer in
    time or none that can be understood.
    """

    USUAL_PORT: int

    def predict(self, name: str, version: int | None, inputs: Arrays, outputs: dict) -> Arrays:
        """Compute outputs; ``outputs`` has their specs."""

    def signature(self, name: str, version: int | None) -> Signature:
        """Look up what the model takes and gives."""

    def states(self, name: str) -> list[tuple[str, str]]:
        """Look up each version's state, such as "AVAILABLE", and what went wrong, or ""."""


def called(name: str, version: int | None) -> str:
    """Return how a sentence names a model."""
    return name if version is None else f"{name}, version {version}"


def silence(address: str, timeout: float) -> InputError:
    """Return what to say of a server that does not answer."""
    return InputError(
        f"{address} gave no answer within {timeout:g} s: give it longer with --timeout, or look at "
        "what keeps it busy."
    )


def refusal(address: str, name: str, version: int | None, why: str) -> RefusedError:
    """Return what to say where the server answers with an error."""
    return RefusedError(f"The server at {address} refuses {called(name, version)}: {why}")


def spec(dtype: str, sizes: list[int], unknown_rank: bool) -> Spec:
    """Build a Spec from what the server's metadata says, where -1 is any length."""
    shape = None if unknown_rank else tuple(None if size < 0 else size for size in sizes)
    return Spec(DTYPES.get(dtype, dtype), shape)
