"""A terminal that shows our lines, not TensorFlow's start-up chatter."""

import logging
import os
import sys
import tempfile


def start_tensorflow(*, verbose: bool = False) -> None:
    """Import TensorFlow and look for devices, without a word unless something fails.

    The libraries write to file descriptor 2 before any log level applies (oneDNN, CUDA), so the
    descriptor itself is turned away while they load; if loading fails, what they said is shown.
    With ``verbose``, everything comes through.
    """
    if verbose:
        _load()
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    real = os.dup(2)
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            _load()
        except BaseException:
            held_back.seek(0)
            os.write(real, held_back.read())
            raise
        finally:
            os.dup2(real, 2)
            os.close(real)
    for library in ("tensorflow", "absl"):  # TensorFlow Datasets speaks through absl
        logging.getLogger(library).setLevel(logging.ERROR)


def _load() -> None:
    import tensorflow as tf

    tf.config.list_physical_devices()
