"""The chief of many workers, some of which may die, and the way to it."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from keras_tuner.src import protos
from keras_tuner.src.distribute import oracle_chief, oracle_client
from keras_tuner.src.engine import conditions

from keras_suite.errors import InputError, in_a_line
from keras_suite.terminal import files

from .cluster import ADDRESS, TUNER_ID, address, is_alive, is_id
from .oracle import SafeHyperbandOracle
from .server import METADATA, Server, key_file

SECONDS_TO_REACH_THE_CHIEF = 20
oracle_client.TIMEOUT = 10  # seconds an answer may take; KerasTuner would wait for an hour
conditions.print = lambda *_: None  # pyright: ignore[reportAttributeAccessIssue] - left by mistake


def serve(
    server: Server,
    oracle: SafeHyperbandOracle,
    folder: Path,
    started: Callable[[], None] = lambda: None,
    abandoned: Callable[[], bool] = lambda: False,
) -> None:
    """Hand out an oracle's trials over gRPC, as KerasTuner's chief, until the search is over.

    KerasTuner's own loop waits for ever for a worker that died; this one gives its trial to the
    next worker that asks. ``started`` is called as soon as workers are answered. Raises InputError
    where an error in the oracle ends the search, or ``abandoned`` says that no worker is left.
    """
    servicer = oracle_chief.OracleServicer(oracle)
    protos.get_service_grpc().add_OracleServicer_to_server(servicer, server.grpc)
    server.refusal = lambda request: _refusal(request, oracle, folder)
    server.share_key(folder)
    server.grpc.start()
    try:
        started()
        while not (servicer.stop_triggered and oracle.is_over()):
            time.sleep(0.2)
            for tuner_id in list(oracle.tuner_ids):
                if not is_alive(folder, tuner_id):
                    oracle.release(tuner_id)
            if server.error:
                raise server.error
            if abandoned() and not servicer.stop_triggered:
                raise InputError(
                    "All workers have ended before the search was over: the same command with "
                    "--resume goes on."
                )
    finally:
        server.grpc.stop(None)
        files.remove(key_file(folder))


def _refusal(request: Any, oracle: SafeHyperbandOracle, folder: Path) -> str:
    """Return why a request of a worker cannot be answered, or ""."""
    if (tuner_id := getattr(request, "tuner_id", None)) is not None:
        if not is_id(tuner_id):
            return f"{TUNER_ID} may have letters, digits, dots and dashes, at most 64"
        if not is_alive(folder, tuner_id):
            return f"the lock of {tuner_id} is not seen here: see docs/tuning.md on shared drives"
    trial_id = getattr(getattr(request, "trial", request), "trial_id", None)
    if trial_id is not None and not oracle.is_running(trial_id):
        return f"trial {in_a_line(trial_id, 20)} is given to no worker"
    return ""


@contextmanager
def reached() -> Iterator[grpc.Channel]:
    """Wait until the chief answers; raise InputError where it does not, or no longer."""
    soon = [("grpc.max_reconnect_backoff_ms", 500), ("grpc.initial_reconnect_backoff_ms", 200)]
    no_proxy = ("grpc.enable_http_proxy", 0)
    # Not closed: gRPC's own thread may still look at it, and the end of the process is near.
    channel = grpc.insecure_channel(address(), options=[*soon, no_proxy])
    _wait_for(channel)
    try:
        yield channel
    except grpc.RpcError as error:
        raise InputError(_why(error)) from error


def _wait_for(channel: grpc.Channel) -> None:
    """Wait for as long as a chief gets ready that has its address already, which takes data."""
    ready, give_up = grpc.channel_ready_future(channel), 0.0
    while True:
        with contextlib.suppress(grpc.FutureTimeoutError):
            ready.result(timeout=0.5)
            return
        if not give_up or _is_there():
            give_up = time.monotonic() + SECONDS_TO_REACH_THE_CHIEF
        if time.monotonic() > give_up:
            raise InputError(
                f"No chief answers at {address()}: start it first ({TUNER_ID}=chief), or set "
                f"{' and '.join(ADDRESS)} to where it listens."
            )


def _is_there() -> bool:
    host, _, port = address().rpartition(":")
    with contextlib.suppress(OSError), socket.create_connection((host.strip("[]"), port), 1):
        return True
    return False


def _why(error: grpc.RpcError) -> str:
    code, details = error.code(), error.details()
    match code:
        case grpc.StatusCode.UNAUTHENTICATED:
            return (
                f"The chief at {address()} leads another search, or has begun anew: give its "
                "--output, which this user must be able to read."
            )
        case grpc.StatusCode.FAILED_PRECONDITION:
            return f"The chief at {address()} refuses this worker: {details}."
    return (
        f"The chief at {address()} no longer answers ({code.name}): once it is there "
        "again (--resume), the same command joins it."
    )


def stub(channel: grpc.Channel, folder: Path) -> Any:
    """Return what KerasTuner's client calls the chief of a folder's search by."""
    call = grpc.intercept_channel(channel, _WithKey(folder))
    return protos.get_service_grpc().OracleStub(call)


class _WithKey(grpc.UnaryUnaryClientInterceptor):
    def __init__(self, folder: Path):
        try:
            self.key = key_file(folder).read_text(encoding="utf-8")
        except OSError:
            self.key = ""

    def intercept_unary_unary(self, continuation: Callable, details: Any, request: Any) -> Any:
        return continuation(details._replace(metadata=[(METADATA, self.key)]), request)
