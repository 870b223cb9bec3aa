"""Training one model after another in bounded memory, and measuring it."""

import sys
from collections.abc import Callable
from pathlib import Path

import keras
from tensorflow.python.framework import ops


def forget_graphs() -> None:
    """Free the graphs of all models that are no longer used.

    ``keras.backend.clear_session`` does so but for a leak: in a graph, every use of
    ``tf.custom_gradient`` (dropout and some losses use it) registers a gradient under a name of
    its own and for ever, which keeps the graph; 4 MB for the smallest models. No model may be in
    training meanwhile.
    """
    registry = ops.gradient_registry._registry
    for name in [name for name in registry if name.startswith("CustomGradient-")]:
        del registry[name]
    keras.backend.clear_session()


def watch_peak_memory() -> Callable[[], int]:
    """Return a function that gives this process's highest resident memory in bytes from now on.

    Where the system is not Linux, that is the highest since the process started.
    """
    try:
        Path("/proc/self/clear_refs").write_text("5")  # sets the peak back to what is in use
    except OSError:
        return _peak_since_start
    status = Path("/proc/self/status")
    return lambda: 1024 * int(status.read_text().split("VmHWM:")[1].split()[0])


def _peak_since_start() -> int:
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
