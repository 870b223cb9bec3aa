"""Check an export with TensorFlow alone; started by :mod:`keras_suite.serving.check`.

    python -P check_process.py SAVED_MODEL EXAMPLES_NPZ SECONDS

Prints one JSON object: ``rows``; ``differences`` from the examples' outputs by name; and the median
``milliseconds`` of a call with one row and of one with all, each measured for about SECONDS.
"""

import json
import sys
import time

import numpy as np

NOT_HERE = "keras_suite", "keras", "tf_keras", "transformers"
"""An export that needs one of these would fail in a server, and so does here."""


def main(saved_model: str, examples: str, seconds: float) -> dict:
    """Load, compare, measure."""
    import tensorflow as tf

    arrays = dict(np.load(examples, allow_pickle=False))
    inputs = {key[7:]: each for key, each in arrays.items() if key.startswith("inputs/")}
    expected = {key[8:]: each for key, each in arrays.items() if key.startswith("outputs/")}
    loaded = tf.saved_model.load(saved_model)  # the signature alone would not keep its variables

    def call(rows: int) -> dict[str, np.ndarray]:
        tensors = {name: tf.constant(array[:rows]) for name, array in inputs.items()}
        outputs = loaded.signatures["serving_default"](**tensors)
        return {name: output.numpy() for name, output in outputs.items()}

    rows = len(next(iter(inputs.values())))
    found = call(rows)
    return {
        "rows": rows,
        "differences": {n: difference(found.get(n), expected.get(n)) for n in expected | found},
        "milliseconds": [milliseconds(call, each, seconds) for each in (1, rows)],
    }


def difference(found: np.ndarray | None, expected: np.ndarray | None) -> float:
    """Return the largest absolute one; infinite where names, shapes or strings differ."""
    if found is None or expected is None or found.shape != expected.shape:
        return float("inf")
    if found.dtype == object:  # strings
        return 0.0 if np.array_equal(found.astype(np.bytes_), expected) else float("inf")
    apart = np.abs(found.astype(np.float64) - expected)
    return float("inf") if np.isnan(apart).any() else float(apart.max(initial=0))


def milliseconds(call, rows: int, seconds: float) -> float:
    """Return the median time of a call, the first one, which allocates, left out."""
    call(rows)
    times = []
    while len(times) < 3 or (sum(times) < seconds and len(times) < 1000):
        started = time.perf_counter()
        call(rows)
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1000


if __name__ == "__main__":
    sys.modules |= dict.fromkeys(NOT_HERE)  # None there makes an import fail
    print(json.dumps(main(sys.argv[1], sys.argv[2], float(sys.argv[3]))))
