"""Check an export with TensorFlow alone; started by :mod:`keras_suite.serving.check`.

    python -P check_process.py SAVED_MODEL EXAMPLES_NPZ SECONDS

Loads the SavedModel, compares its outputs with the examples', measures how fast it answers for
about SECONDS a batch size, and prints one JSON object: ``rows``, ``differences`` (by output, the
largest absolute one; infinite where names, shapes or strings differ) and ``speeds``.
"""

import json
import resource
import sys
import time

import numpy as np

NOT_HERE = "keras_suite", "keras", "tf_keras", "transformers"
"""An export that needs one of these would fail in a server, and so does here."""
BATCHES = (1, 32, 256)
LONGEST_CALL = 20.0  # seconds
MOST_MEMORY = 4e9  # bytes
FEWEST_CALLS, MOST_CALLS = 3, 1000


def main(saved_model: str, examples: str, seconds: float) -> dict:
    """Load, compare, measure."""
    import tensorflow as tf

    arrays = dict(np.load(examples, allow_pickle=False))
    inputs = {key[7:]: each for key, each in arrays.items() if key.startswith("inputs/")}
    expected = {key[8:]: each for key, each in arrays.items() if key.startswith("outputs/")}
    loaded = tf.saved_model.load(saved_model)  # the signature alone would not keep its variables
    signature = loaded.signatures["serving_default"]

    def call(inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        outputs = signature(**{name: tf.constant(array) for name, array in inputs.items()})
        return {name: output.numpy() for name, output in outputs.items()}

    found = call(inputs)  # in no order
    return {
        "rows": len(next(iter(inputs.values()))),
        "differences": {
            name: difference(found.get(name), expected.get(name)) for name in expected | found
        },
        "speeds": speeds(call, inputs, seconds),
    }


def difference(found: np.ndarray | None, expected: np.ndarray | None) -> float:
    """Return the largest absolute difference."""
    if found is None or expected is None or found.shape != expected.shape:
        return float("inf")
    if found.dtype == object:  # strings
        return 0.0 if np.array_equal(found.astype(np.bytes_), expected) else float("inf")
    apart = np.abs(found.astype(np.float64) - expected)
    return float("inf") if np.isnan(apart).any() else float(apart.max(initial=0))


def speeds(call, inputs: dict[str, np.ndarray], seconds: float) -> list[dict]:
    """Measure each batch size, made of the rows over and over; leave out what would take too much.

    Returns:
        By size ``batch``, ``calls``, ``p50`` and ``p99`` in milliseconds and ``rows_per_second``;
        or ``batch`` and ``skipped``, which says why.
    """
    measured, before, memory = [], None, 0
    for batch in BATCHES:
        if before:
            times = batch / before["batch"]
            duration, need = before["p50"] / 1000 * times, (peak() - memory) * times
            if duration > LONGEST_CALL or need > MOST_MEMORY:
                why = f"a call would take about {duration:.0f} s and {need / 1e9:.1f} GB"
                measured.append({"batch": batch, "skipped": why})
                continue
        memory = peak()
        before = speed(call, inputs, batch, seconds)
        measured.append(before)
    return measured


def speed(call, inputs: dict[str, np.ndarray], batch: int, seconds: float) -> dict:
    """Measure one batch size."""
    rows = np.arange(batch) % len(next(iter(inputs.values())))
    repeated = {name: array[rows] for name, array in inputs.items()}
    call(repeated)  # the first one allocates
    times = []
    while len(times) < FEWEST_CALLS or (sum(times) < seconds and len(times) < MOST_CALLS):
        started = time.perf_counter()
        call(repeated)
        times.append(time.perf_counter() - started)
    p50, p99 = np.percentile(times, [50, 99]) * 1000
    rate = batch * len(times) / sum(times)
    return {"batch": batch, "calls": len(times), "p50": p50, "p99": p99, "rows_per_second": rate}


def peak() -> int:
    """Bytes of memory that this process has used at most."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    sys.modules |= dict.fromkeys(NOT_HERE)  # None there makes an import fail
    print(json.dumps(main(sys.argv[1], sys.argv[2], float(sys.argv[3]))))
