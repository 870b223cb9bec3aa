"""The address a chief answers at, and whom it answers."""

import os
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

from keras_suite.errors import InputError, in_a_line
from keras_suite.terminal import files
from keras_suite.terminal.interrupts import drive_trouble

from .cluster import ADDRESS, lock_folder

METADATA = "keras-suite-key"


class Server(grpc.ServerInterceptor):
    """A server whose address is taken at once, so that no other process can take it meanwhile.

    It answers those who know the key that :meth:`share_key` puts into the search's folder, where
    the person's own processes can read it and no other user can. Another search has another key.
    ``refusal`` says of a request why it cannot be answered, if so. The first error inside the
    oracle is kept in ``error`` for the main loop. Raises InputError where the address cannot be
    used.
    """

    def __init__(self, address: str):
        self.key, self.error = secrets.token_hex(), None
        self.refusal: Callable[[Any], str] = lambda request: ""
        one_at_a_time = ThreadPoolExecutor(max_workers=1)
        options = [("grpc.so_reuseport", 0)]
        self.grpc = grpc.server(one_at_a_time, interceptors=[self], options=options)
        try:
            self.port = self.grpc.add_insecure_port(address)
        except RuntimeError as error:
            raise InputError(
                f"The chief cannot listen at {address}: set {ADDRESS[0]} to an address of this "
                f"machine and {ADDRESS[1]} to a free port."
            ) from error

    def share_key(self, folder: Path) -> None:
        """Let this user's processes, and nobody else, read the key in the search's folder."""
        files.remove(key_file(folder))
        opened = os.open(key_file(folder), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write(self.key)

    def intercept_service(
        self, continuation: Callable, details: Any
    ) -> grpc.RpcMethodHandler | None:
        """Wrap what answers a request, as gRPC asks for each."""
        handler = continuation(details)
        if handler is None:
            return None  # gRPC says that there is no such method
        given = str(dict(details.invocation_metadata or ()).get(METADATA))
        knows_the_key = secrets.compare_digest(given.encode(), self.key.encode())

        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            if not knows_the_key:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "another search")
            try:
                refusal = self.refusal(request)
                if not refusal:
                    return handler.unary_unary(request, context)
            except Exception as error:  # which gRPC would print
                self.error = self.error or _to_be_said(error)
                context.abort(grpc.StatusCode.INTERNAL, "the search has ended")
            return context.abort(grpc.StatusCode.FAILED_PRECONDITION, refusal)

        way = handler.request_deserializer, handler.response_serializer
        return grpc.unary_unary_rpc_method_handler(answer, *way)


def _to_be_said(error: Exception) -> Exception:
    if isinstance(error, InputError) or drive_trouble(error):
        return error
    return InputError(
        f"The chief cannot go on ({type(error).__name__}: {in_a_line(error)}): the same command "
        "with --resume tries again."
    )


def key_file(folder: Path) -> Path:
    """Return where a search's chief leaves its key."""
    return lock_folder(folder) / "key"
