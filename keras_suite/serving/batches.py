"""Calls of a model that are bounded in rows and in bytes."""

from collections.abc import Callable

import numpy as np

from keras_suite.errors import InputError

Arrays = dict[str, np.ndarray]
Call = Callable[[Arrays], Arrays]
"""Computes a model's outputs of its inputs, both by name and ``[n, ...]``."""

MAX_BYTES, MAX_REQUEST_BYTES = 2**26, 2**23
"""Of the arrays of one call in this process, and of one request: JSON takes up to five times as
much, and making it up to forty times."""


def in_batches(call: Call, max_rows: int, max_bytes: int = MAX_BYTES) -> Call:
    """Make a call take any number of rows, in batches of ``max_rows`` and ``max_bytes`` at most.

    Its outputs come in alphabetical order. It raises InputError for a row beyond the bound, and
    where there is not one output for each row.
    """

    def call_all(inputs: Arrays) -> Arrays:
        rows = len(next(iter(inputs.values())))
        row_bytes = sum(map(_row_bytes, inputs.values()))
        if row_bytes > max_bytes:
            raise InputError(
                f"A row has {row_bytes:,} bytes, but at most {max_bytes:,} go at once: give a "
                "shorter text or a smaller image, or predict without --rest, which takes more."
            )
        size = min(max_rows, max_bytes // max(row_bytes, 1))
        parts = [
            _called(call, {name: array[start : start + size] for name, array in inputs.items()})
            for start in range(0, rows, size)
        ]
        try:
            return {name: np.concatenate([of[name] for of in parts]) for name in sorted(parts[0])}
        except ValueError as error:
            raise InputError(
                "The model gives outputs of other shapes from batch to batch."
            ) from error

    return call_all


def _called(call: Call, inputs: Arrays) -> Arrays:
    rows, outputs = len(next(iter(inputs.values()))), call(inputs)
    for name, array in outputs.items():
        if array.shape[:1] != (rows,):
            given = len(array) if array.ndim else "a single"
            raise InputError(f"The model gives {given} {name} for {rows} rows.")
    return outputs


def _row_bytes(array: np.ndarray) -> int:
    if array.dtype == object:
        return max(len(each.encode() if isinstance(each, str) else each) for each in array.flat)
    return array.nbytes // len(array)
