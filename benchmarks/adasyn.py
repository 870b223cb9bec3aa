"""ADASYN here against imbalanced-learn's, alternating in one run.

``python benchmarks/adasyn.py`` prints the wall time of both, their ratio, and the memory each
takes beyond its input, on the card data's size: 226,980 x 30 rows, 378 positives.
"""

import multiprocessing
import re
import statistics
import time
from pathlib import Path

import imblearn.over_sampling
import numpy as np

from keras_suite.sampling import ADASYN

ROWS, FEATURES, POSITIVES, ROUNDS = 226_980, 30, 378, 7


def table(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two overlapping Gaussian classes, ``[ROWS, FEATURES]`` float64 and labels ``[ROWS]``."""
    rng = np.random.default_rng(seed)
    y = np.zeros(ROWS, int)
    y[rng.choice(ROWS, POSITIVES, replace=False)] = 1
    X = rng.normal(size=(ROWS, FEATURES))
    X += 0.5 * y[:, None]
    return X, y


def seconds(resample, X, y) -> float:
    start = time.perf_counter()
    resample(X, y)
    return time.perf_counter() - start


def extra_mebibytes(resample) -> float:
    """Growth of the peak resident memory in a fresh process, by the kernel's own account."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(growth, (resample,))


def growth(resample) -> float:
    X, y = table()
    before = peak_kibibytes()
    resample(X, y)
    return (peak_kibibytes() - before) / 2**10


def peak_kibibytes() -> int:
    """Linux only: ``getrusage`` would carry the parent's peak over into this process."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def main() -> None:
    X, y = table()
    ours = ADASYN(seed=0).fit_resample
    theirs = imblearn.over_sampling.ADASYN(random_state=0).fit_resample
    same = len(ours(X, y)[1]) == len(theirs(X, y)[1])
    pairs = [(seconds(ours, X, y), seconds(theirs, X, y)) for _ in range(ROUNDS)]
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{ROWS:,} x {FEATURES} rows, {POSITIVES} positives; row counts equal: {same}")
    print(f"keras_suite       median {statistics.median(a for a, _ in pairs):.3f} s")
    print(f"imbalanced-learn  median {statistics.median(b for _, b in pairs):.3f} s")
    print(f"ratio of times, median of {ROUNDS} pairs: {ratio:.2f} (at most 1.2 is wanted)")
    print(f"extra memory of keras_suite: {extra_mebibytes(ours):.0f} MiB (below 1,024 is wanted)")
    print(f"extra memory of imbalanced-learn: {extra_mebibytes(theirs):.0f} MiB")


if __name__ == "__main__":
    main()
