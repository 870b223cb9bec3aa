"""How every command ends."""

import sys
from collections.abc import Callable

from keras_suite.errors import InputError
from keras_suite.terminal.interrupts import EXIT_CODE, INTERRUPTED


def exit_code(job: Callable[[], None], interrupted: str = INTERRUPTED) -> int:
    """Do a job and say on standard error, in one sentence, what kept it from being done.

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
