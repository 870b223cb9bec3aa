"""A chief that is killed by its worker, which then hears no answer of it."""

import os
import signal
import time
from collections.abc import Callable

from keras_suite.tuning.cluster import local_workers

from keras_suite.errors import InputError


def work(receive: Callable[[], object]) -> None:
    print("working", flush=True)
    os.kill(os.getppid(), signal.SIGKILL)
    raise InputError("The chief no longer answers.")


if __name__ == "__main__":
    with local_workers(1, work, port=1):
        time.sleep(60)
