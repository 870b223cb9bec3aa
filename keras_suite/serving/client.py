"""A client of models that TF Serving serves."""

import re
import time
from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

from keras_suite.errors import InputError
from keras_suite.serving.protocol import Arrays, Server, Signature, UnavailableError

FIRST_PAUSE = 0.2
"""Seconds before the second try; each further pause is twice as long."""
BETWEEN_LOOKS = 0.2
"""Seconds between two looks at whether a model is ready."""

Result = TypeVar("Result")


class Client:
    """A server's models, over REST or gRPC.

    A call is tried again only where the server cannot be reached or asks for patience (REST: 429
    and 503, gRPC: UNAVAILABLE). Computing twice does no harm: a prediction changes nothing.

    Args:
        address: HOST:PORT.
        protocol: which of the server's two ports that is.
        timeout: seconds to wait for an answer.
        retries: how many tries may follow the first one.

    Raises:
        InputError: here, for an address that is none; by the methods, one sentence with the
            server's own words where it gave some.
    """

    def __init__(
        self,
        address: str,
        protocol: Literal["rest", "grpc"] = "rest",
        timeout: float = 10.0,
        retries: int = 3,
    ):
        self.address = _checked(address)
        self._retries = retries
        self._server = _connect(protocol, self.address, timeout)
        self._signatures: dict[tuple[str, int | None], Signature] = {}

    def predict(self, name: str, inputs: Arrays, version: int | None = None) -> Arrays:
        """Compute a model's outputs.

        Args:
            name: the model's.
            inputs: by the signature's names; strings as arrays of objects.
            version: None for the newest one that the server has.

        Returns:
            The outputs by the signature's names, in their alphabetical order (a server has none),
            in its dtypes; strings as bytes in arrays of objects.
        """
        outputs = self.signature(name, version)["outputs"]
        given = self._tried(lambda: self._server.predict(name, version, inputs, outputs))
        return dict(sorted(given.items()))

    def signature(self, name: str, version: int | None = None) -> Signature:
        """Return what a model takes and gives, by the server's metadata; asked for once."""
        key = name, version
        if key not in self._signatures:
            self._signatures[key] = self._tried(lambda: self._server.signature(name, version))
        return self._signatures[key]

    def wait_until_ready(self, names: Iterable[str], seconds: float) -> None:
        """Wait until the server has a version of every model.

        Raises:
            InputError: naming the first that it has not after so many seconds, and why.
        """
        end = time.monotonic() + seconds
        for name in names:
            while why := self._why_not_ready(name):
                if time.monotonic() > end:
                    raise InputError(f"{name} is not ready after {seconds:g} s: {why}")
                time.sleep(BETWEEN_LOOKS)

    def _why_not_ready(self, name: str) -> str:
        """Return "" once a version is ready."""
        try:
            states = self._server.states(name)
        except UnavailableError as error:
            return f"{self.address} cannot be reached ({error})."
        except InputError as error:
            return str(error)
        if any(state == "AVAILABLE" for state, _ in states):
            return ""
        found = ", ".join(" ".join(filter(None, each)) for each in states) or "no version"
        return f"the server at {self.address} says {found}."

    def _tried(self, call: Callable[[], Result]) -> Result:
        for done in range(self._retries + 1):
            try:
                return call()
            except UnavailableError as error:
                why = error
            if done < self._retries:
                time.sleep(FIRST_PAUSE * 2**done)
        tries = "1 try" if self._retries == 0 else f"{self._retries + 1} tries"
        raise InputError(
            f"{self.address} cannot be reached ({why}; {tries}): start TF Serving there, or give "
            f"HOST:PORT of its port for this protocol, usually {self._server.USUAL_PORT}."
        ) from why


def _checked(address: str) -> str:
    port = re.fullmatch(r"(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})", address)
    if port is None or not 0 < int(port[1]) < 2**16:
        raise InputError(f"{address!r} is not HOST:PORT, such as localhost:8501.")
    return address


def _connect(protocol: str, address: str, timeout: float) -> Server:
    if protocol == "grpc":
        from keras_suite.serving.grpc_predict import Grpc

        return Grpc(address, timeout)
    from keras_suite.serving.rest import Rest

    return Rest(address, timeout)
