"""SIGKILL at random moments, until a job is done."""

import random
import subprocess
import time
from collections import Counter
from pathlib import Path

import psutil

from tests.torture.jobs import Job, judge, leftovers


def count(folder: Path, names: tuple[str, ...], kills: int, rng: random.Random) -> Counter:
    """Kill every job so many times and compare what it comes to with an undisturbed one."""
    counts = Counter()
    for name in names:
        plain = Job(name, folder / name / "plain", folder / name / "cache")
        started = time.monotonic()
        judge(counts, *_ended(plain.start()))
        whole, expected = time.monotonic() - started, plain.result()
        left, runs, different, halves = kills, 0, 0, []
        while left:  # one that is done early leaves kills for another
            runs += 1
            job = Job(name, folder / name / f"killed-{runs}", plain.cache)
            killed, code, error = _killed(job, left, whole, rng)
            left -= killed
            whole *= 1 if killed else 0.8  # it was quicker this time
            judge(counts, code, error)
            counts["kills survived" if code == 0 else "not survived"] += killed
            different += code != 0 or job.result() != expected
            halves += leftovers(job.output, job.cache)
        counts += Counter({"bits equal": runs - different, "bits differ": different})
        counts["leftovers"] += len(halves)
        print(f"{name}: {whole:.0f} s, {kills} kills in {runs} runs, {different} of them differ")
        print(*(f"left over: {path}\n" for path in halves), sep="", end="", flush=True)
    return counts


def _killed(job: Job, most: int, whole: float, rng: random.Random) -> tuple[int, int, str]:
    """Kill a job, or one of its workers, until it is done: return kills, exit code and errors."""
    kills = 0
    while True:
        process = job.start()
        while kills < most:
            try:
                process.wait(rng.uniform(0.1, 0.95) * whole)
                break
            except subprocess.TimeoutExpired:
                workers = [each for each in psutil.Process(process.pid).children() if _works(each)]
                rng.choice([process, *workers]).kill()
                kills += 1
        code, error = _ended(process)
        all_killed = code == 2 and error.startswith("error: All workers have ended")
        if code != -9 and not all_killed:
            return kills, code, error


def _works(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.Error:  # it is dead already
        return False


def _ended(process: subprocess.Popen) -> tuple[int, str]:
    _, error = process.communicate()
    return process.returncode, error
