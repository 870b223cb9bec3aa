"""Malformed inputs, made from good ones by a table of damages, for every loader and flag."""

import contextlib
import gzip
import io
import itertools
import json
import random
import signal
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import PIL.Image

from keras_suite import cli
from keras_suite.terminal.interrupts import exit_code
from tests.contract.test_damaged_files import READERS
from tests.torture.jobs import judge, leftovers

SECONDS = 60  # an input may take
QUESTION = {"id": "1", "question": "What?", "answers": [{"text": "a city", "answer_start": 11}]}
SQUAD = {"data": [{"paragraphs": [{"context": "Tehran, is a city.", "qas": [QUESTION]}]}]}
HEAD = ",".join(["Time", *(f"V{i}" for i in range(1, 29)), "Amount", "Class"])
PARTS = "train", "val", "test"
IMAGES = {f"{part}_images": np.zeros((9, 28, 28, 3), "uint8") for part in PARTS}
LABELS = {f"{part}_labels": np.arange(9)[:, None] % 7 for part in PARTS}


def _written(write: Callable) -> bytes:
    write(buffer := io.BytesIO())
    return buffer.getvalue()


GOOD = {
    "creditcard": "\n".join([HEAD, *(f"{i},{'0.5,' * 29}{i % 2}" for i in range(40))]).encode(),
    "Constraint_Train": b'id,tweet,label\n1,"it\nhelps",real\n2,it does not,fake\n' * 9,
    "dermamnist": _written(lambda file: np.savez(file, **IMAGES, **LABELS)),
    "Test": json.dumps(SQUAD).encode(),
    "vectors": b"king 0.5 0.25 1\nqueen 0.5 -0.25 1\n",
    "best": b'{"seed": 5, "data": "sample"}',
    "rows": b"text\nhello\nthere\n",
    "shoe": _written(lambda file: PIL.Image.new("RGB", (8, 8), (9, 99, 199)).save(file, "png")),
    "adapter_config": b'{"peft_type": "LORA", "r": 5, "target_modules": ["query"]}',
}


def _flipped(good: bytes, rng: random.Random) -> bytes:
    changed = bytearray(good)
    for _ in range(1 + len(good) // 50):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut": lambda good, rng: good[: rng.randrange(len(good))],
    "bits flipped": _flipped,
    "empty": lambda good, rng: b"",
    "of another kind": lambda good, rng: rng.choice(list(GOOD.values())),
    "twice": lambda good, rng: good + good,
    "huge": lambda good, rng: good * (1 + 20_000_000 // len(good)),
    "one endless line": lambda good, rng: b"9" * 5_000_000,
    "UTF-16": lambda good, rng: good.decode("latin-1").encode("utf-16"),
    "Latin-1": lambda good, rng: good.replace(b"t", b"\xfc"),
    "of another shape": lambda good, rng: good.replace(rng.choice([b",", b" ", b"]", b"}"]), b""),
    "NUL bytes": lambda good, rng: good[: len(good) // 2] + bytes(99) + good[len(good) // 2 :],
    "deep": lambda good, rng: rng.choice([b"[", b'{"a":', b"<a>", b"("]) * 100_000,
    "numbers": lambda good, rng: good.replace(b"5", rng.choice([b"NaN", b"1e999", b"9" * 5000])),
    "steering": lambda good, rng: good.replace(b"e", b"\x1b[2J\x07"),
}
PLACES: dict[str, Callable[[Path], object]] = {
    "a folder": lambda path: path.mkdir(),
    "missing": lambda path: None,
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "not to be read": lambda path: path.touch(0),
    "a device": lambda path: path.symlink_to("/dev/null"),
}
FLAGS = [
    ("--seed", "-1"), ("--seed", "4294967296"), ("--seed", "9" * 5000), ("--seed", "x"),
    ("--preset", "fast"), ("--nonsense", "1"), ("--data", "fake"), ("--data-dir", "/proc/x"),
    ("--data-dir", "."), ("--output", "/proc/x"), ("--output", "/dev/null"),
    ("--output", "x" * 300), ("--config", "/"), ("--config", "\x1b[2J"), ("--epochs", "-1"),
    ("--learning-rate", "nan"), ("--learning-rate", "1e999"), ("--batch-size", "0"), ("--epochs",),
]  # fmt: skip


def count(folder: Path, number: int, rng: random.Random) -> Counter:
    """Try so many malformed inputs, of files and of flags by turns."""
    files = [(file, damage) for damage in (*DAMAGES, *PLACES) for file in READERS]
    flags = [(name, flag) for flag in FLAGS for name in (*cli.experiment_names(), "tune")]
    rng.shuffle(files)
    rng.shuffle(flags)
    mixed = [each for pair in itertools.zip_longest(files, flags) for each in pair if each]
    counts = Counter()
    for i, (what, damage) in enumerate(mixed[:number]):
        home = folder / str(i)
        home.mkdir(parents=True)
        if what in READERS:
            job = _reading(home / what, damage, rng)
        else:
            line = ["tune", "fraud"] if what == "tune" else ["run", what]
            line += ["--preset", "quick", "--data", "real", "--output", str(home / "runs"), *damage]
            job = lambda line=line: cli.main(line)  # noqa: E731
        code, error = _done(job)
        bad = Counter({"hangs": code == -signal.SIGALRM})
        judge(bad, code, error)
        bad["leftovers"] += len([*leftovers(home / "runs")])
        counts += bad + Counter({"accepted": code == 0})
        if set(+bad) - {"refused in a sentence"}:
            print(f"{what}, {str(damage)[:80]}: {code} {error[-1500:]}", flush=True)
    return counts


def _reading(path: Path, damage: str, rng: random.Random) -> Callable[[], int]:
    if damage in DAMAGES:
        content = DAMAGES[damage](GOOD[path.name.partition(".")[0]], rng)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    else:
        PLACES[damage](path)

    def read() -> None:
        READERS[path.name](path)

    return lambda: exit_code(read)


def _done(job: Callable[[], int]) -> tuple[int, str]:
    """Return the code that a process of the job would end with, and what it would say."""
    error = io.StringIO()
    signal.signal(signal.SIGALRM, mock.Mock(side_effect=TimeoutError))
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stderr(error), contextlib.redirect_stdout(io.StringIO()):
            return job(), error.getvalue()
    except TimeoutError:
        return -signal.SIGALRM, "it took too long"
    except BaseException:
        return 1, traceback.format_exc()
    finally:
        signal.alarm(0)
