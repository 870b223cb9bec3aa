"""How every command ends: done, refused with a sentence, or by Ctrl-C."""

import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from keras_suite.errors import InputError

INTERRUPTED = "Interrupted; the same command with --resume goes on."
EXIT_CODE = 130
REFUSALS = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO,
    errno.ESTALE, errno.ENAMETOOLONG,
)  # fmt: skip


def exit_code(job: Callable[[], None], interrupted: str = INTERRUPTED) -> int:
    """Do a job, or say in a sentence on standard error what kept it from being done.

    Letters that the terminal's encoding lacks are written by their numbers.

    Returns 0: done, 2: bad input or flags (the job raised InputError), or a drive that is full or
    may not be written to, 130: interrupted, 141: nobody reads the output on, as behind ``head``.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # of what a caller put in its place
            stream.reconfigure(errors="backslashreplace")  # pyright: ignore[reportAttributeAccessIssue]
    try:
        job()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what is still to be flushed
        return 128 + signal.SIGPIPE
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(interrupted, file=sys.stderr)
        return EXIT_CODE
    except Exception as error:
        if not (why := drive_trouble(error)):
            raise
        print(f"error: {why}", file=sys.stderr)
        return 2
    return 0


def drive_trouble(error: BaseException) -> str:
    """Say in a sentence what a drive refused, as a full one does, or return "" for other errors.

    Libraries in C++ tell of it in their own exceptions, with the system's words.
    """
    for code in REFUSALS:
        words = os.strerror(code)
        if getattr(error, "errno", None) == code or words in str(error):
            where = getattr(error, "filename", None)
            return (
                f"{f'{where} cannot be written or read: ' if where else ''}{words}. Make space, or "
                "name other folders with --output and KERAS_SUITE_CACHE; what was finished stays, "
                "and --resume goes on."
            )
    return ""


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
