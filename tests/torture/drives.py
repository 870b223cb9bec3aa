"""Drives that fill while a job runs: small ones as root, otherwise a limit for each file."""

import os
import random
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.torture.jobs import Job, judge, leftovers

SHARES = {"output": ((0, 0.1), (0.1, 1)), "cache": ((0, 1),)}
"""Between which a share of what a job writes there is all the room that it has."""


def count(folder: Path, names: tuple[str, ...], rng: random.Random) -> Counter:
    """Run every job with too little room for its output, or its cache, and then go on with it."""
    counts = Counter()
    for name in names:
        plain = Job(name, folder / name / "output", folder / name / "cache")
        plain.start().communicate()
        expected = plain.result()
        for place, ranges in SHARES.items():
            size = sum(path.lstat().st_size for path in getattr(plain, place).rglob("*"))
            for i, share in enumerate(rng.uniform(*bounds) for bounds in ranges if size):
                home = folder / name / f"{place}-{i}"
                job = Job(name, home / "output", home / "cache")
                with _drive(getattr(job, place), int(size * share)) as (limit, enlarge):
                    process = job.start(limit)
                    _, error = process.communicate()
                    judge(counts, process.returncode, error)
                    counts["leftovers"] += len(found := [*leftovers(job.output, job.cache)])
                    print(
                        f"{name}, {share:.1%} of its {place}: {process.returncode} {error.strip()}"
                    )
                    print(*(f"left over: {path}\n" for path in found), end="", flush=True)
                    enlarge()
                    process = job.start()
                    judge(counts, process.returncode or 0, process.communicate()[1])
                    done = process.returncode == 0 and job.result() == expected
                    counts["full drives survived" if done else "not survived"] += 1
    return counts


@contextmanager
def _drive(place: Path, size: int) -> Iterator[tuple[int | None, Callable[[], object]]]:
    """Make a drive of so many bytes, if not a limit for each file, and what enlarges it."""
    place.mkdir(parents=True)
    if os.geteuid():
        yield size, lambda: None
        return
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={max(size, 1 << 14)}", "tmpfs", place], check=True
    )
    try:
        yield None, lambda: subprocess.run(["mount", "-o", "remount,size=8g", place], check=True)
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
