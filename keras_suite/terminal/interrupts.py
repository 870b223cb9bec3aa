"""How every command ends: done, refused with a sentence, or by Ctrl-C."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from keras_suite.errors import InputError

INTERRUPTED = "Interrupted; the same command with --resume goes on."
EXIT_CODE = 130


def exit_code(job: Callable[[], None], interrupted: str = INTERRUPTED) -> int:
    """Do a job, or say in a sentence on standard error what kept it from being done.

    Returns 0: done, 2: bad input or flags (the job raised InputError), 130: interrupted.
    """
    try:
        job()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(interrupted, file=sys.stderr)
        return EXIT_CODE
    return 0


@contextmanager
def ctrl_c_ends_at_once(first: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let Ctrl-C end the process as a kill does, but with a sentence and exit code 130.

    A KeyboardInterrupt is no way out of TensorFlow: raised in one of its many ``__del__`` and
    callbacks of weak references, which Python drops (one press in six in training), it is lost,
    and raised in Python that its C++ calls, it has crashed the process (one press in a hundred).
    It is not needed either: what a run keeps is whole on disk at any moment. Where Ctrl-C is
    ignored, as by a shell's background jobs, it stays so. Before the end ``first`` is called, from
    wherever the main thread is; its errors are lost.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        yield
        return
    stderr = os.dup(2)  # TensorFlow's import turns 2 away for a while

    def end(*_: object) -> None:
        try:
            with contextlib.suppress(Exception):
                first()
            with contextlib.suppress(Exception):
                sys.stdout.flush()
            os.write(stderr, f"{INTERRUPTED}\n".encode())
        finally:
            os._exit(EXIT_CODE)

    signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        os.close(stderr)
