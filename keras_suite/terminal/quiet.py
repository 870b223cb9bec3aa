"""A terminal that shows our lines, not TensorFlow's start-up chatter."""

import faulthandler
import logging
import os
import sys
import tempfile
from typing import IO, Any


def start_tensorflow(*, verbose: bool = False, with_keras: bool = True) -> None:
    """Import TensorFlow, Keras too, and look for devices, without a word unless something fails.

    The libraries write to file descriptor 2 before any log level applies (oneDNN, CUDA), so the
    descriptor itself is turned away while they load; if loading fails, what they said is shown, and
    where it was killed, as on a processor that TensorFlow was not built for, by what.
    With ``verbose``, or without room for a temporary file, everything comes through.
    """
    held_back = None if verbose else _temporary_file()
    if held_back is None:
        _load(with_keras)
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # of lost workers we speak ourselves
    sys.stderr.flush()
    real = os.dup(2)
    with held_back:
        faulthandler.enable(real)
        os.dup2(held_back.fileno(), 2)
        try:
            _load(with_keras)
        except BaseException:
            held_back.seek(0)
            os.write(real, held_back.read())
            raise
        finally:
            os.dup2(real, 2)
            faulthandler.enable(2)
            os.close(real)
    for library in ("tensorflow", "absl"):  # TensorFlow Datasets speaks through absl
        logging.getLogger(library).setLevel(logging.ERROR)


def _temporary_file() -> IO[bytes] | None:
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return None


def use_float32(settings: Any) -> None:
    """Set what Keras, or tf_keras, has otherwise read in ~/.keras/keras.json."""
    settings.set_floatx("float32")
    settings.set_epsilon(1e-7)
    settings.set_image_data_format("channels_last")


def _load(with_keras: bool) -> None:
    import tensorflow as tf

    if with_keras:
        import keras

        use_float32(keras.config)
    tf.config.list_physical_devices()
