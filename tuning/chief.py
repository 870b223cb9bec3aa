"""The chief of many workers, some of which may die, and the way to it."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
from keras_tuner.src import protos
from keras_tuner.src.distribute import oracle_chief, oracle_client

from keras_suite.errors import InputError

from .cluster import ADDRESS, TUNER_ID, address, is_alive
from .oracle import SafeHyperbandOracle

SECONDS_TO_REACH_THE_CHIEF = 20
oracle_client.TIMEOUT = 10  # seconds an answer may take; KerasTuner would wait for an hour


def serve(oracle: SafeHyperbandOracle, folder: Path, abandoned: Callable[[], bool]) -> None:
    """Hand out an oracle's trials over gRPC, as KerasTuner's chief, until the search is over.

    KerasTuner's own loop waits for ever for a worker that died; this one gives its trial to the
    next worker that asks. Raises InputError where the address cannot be used, or ``abandoned`` says
    that no worker is left.
    """
    server = grpc.server(ThreadPoolExecutor(max_workers=1), options=[("grpc.so_reuseport", 0)])
    servicer = oracle_chief.OracleServicer(oracle)
    protos.get_service_grpc().add_OracleServicer_to_server(servicer, server)
    try:
        server.add_insecure_port(address())
    except RuntimeError as error:
        raise InputError(
            f"The chief cannot listen at {address()}: set {ADDRESS[0]} to an address of this "
            f"machine and {ADDRESS[1]} to a free port."
        ) from error
    server.start()
    try:
        while not (servicer.stop_triggered and oracle_chief.exit_chief(oracle)):
            time.sleep(0.2)
            for tuner_id in list(oracle.tuner_ids):
                if not is_alive(folder, tuner_id):
                    oracle.release(tuner_id)
            if abandoned() and not servicer.stop_triggered:
                raise InputError(
                    "All workers have ended before the search was over: the same command with "
                    "--resume goes on."
                )
    finally:
        server.stop(None)


@contextmanager
def reached() -> Iterator[None]:
    """Wait until the chief answers; raise InputError where it does not, or no longer."""
    soon = [("grpc.max_reconnect_backoff_ms", 500), ("grpc.initial_reconnect_backoff_ms", 200)]
    with grpc.insecure_channel(address(), options=soon) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=SECONDS_TO_REACH_THE_CHIEF)
        except grpc.FutureTimeoutError:
            raise InputError(
                f"No chief answers at {address()}: start it first ({TUNER_ID}=chief), or set "
                f"{' and '.join(ADDRESS)} to where it listens."
            ) from None
    try:
        yield
    except grpc.RpcError as error:
        raise InputError(
            f"The chief at {address()} no longer answers ({error.code().name}): once it is there "
            "again (--resume), the same command joins it."
        ) from error
