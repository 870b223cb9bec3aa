"""Calls of a model that are bounded in rows and in bytes."""

from collections.abc import Callable

import numpy as np

from keras_suite.errors import InputError

Arrays = dict[str, np.ndarray]
Call = Callable[[Arrays], Arrays]
"""Computes a model's outputs of its inputs, both by name and ``[n, ...]``."""

MAX_BYTES = 2**26
"""Of the arrays of one call; as JSON they are up to five times as long."""


def in_batches(call: Call, max_rows: int) -> Call:
    """Make a call take any number of rows, in batches of ``max_rows`` and 64 MiB at most.

    Its outputs come in alphabetical order. It raises InputError for a row beyond the bound, and
    where there is not one output for each row.
    """

    def call_all(inputs: Arrays) -> Arrays:
        rows = len(next(iter(inputs.values())))
        row_bytes = sum(map(_row_bytes, inputs.values()))
        if row_bytes > MAX_BYTES:
            raise InputError(
                f"A row has {row_bytes:,} bytes, but at most {MAX_BYTES:,} go at once: shorten it."
            )
        size = min(max_rows, MAX_BYTES // max(row_bytes, 1))
        parts = [
            call({name: array[start : start + size] for name, array in inputs.items()})
            for start in range(0, rows, size)
        ]
        outputs = {name: np.concatenate([of[name] for of in parts]) for name in sorted(parts[0])}
        for name, array in outputs.items():
            if len(array) != rows:
                raise InputError(f"The model gives {len(array)} {name} for {rows} rows.")
        return outputs

    return call_all


def _row_bytes(array: np.ndarray) -> int:
    if array.dtype == object:
        return max(len(each.encode() if isinstance(each, str) else each) for each in array.flat)
    return array.nbytes // len(array)
