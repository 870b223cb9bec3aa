"""Ctrl-C that is never lost."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AGAIN_AFTER = 0.05  # seconds


@contextmanager
def ctrl_c_gets_through() -> Iterator[None]:
    """Send a Ctrl-C again that Python has dropped.

    Python drops a KeyboardInterrupt that happens to be raised in a ``__del__`` or in the callback
    of a weak reference, and TensorFlow runs many of both: one press in six was lost in training.
    """
    again: list[threading.Timer] = []
    before = sys.unraisablehook

    def hook(dropped) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            before(dropped)
            return
        to_main = threading.main_thread().ident, signal.SIGINT
        again.append(threading.Timer(AGAIN_AFTER, signal.pthread_kill, to_main))
        again[-1].start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before
        for timer in again:
            timer.cancel()
