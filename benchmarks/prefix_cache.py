"""Epochs with the frozen-prefix cache against the same epochs without.

``python benchmarks/prefix_cache.py [--images 256] [--epochs 10]`` trains DeiT-small (its last block
and heads) and VGG19 (from block 5; half as many images, half as many epochs) on 224 x 224 pixels,
random weights and images, batches of 32 in the same order. Each way is a process that keeps its
model; they take turns, an epoch each. For E = 1, 5 and 10 it prints the time of E epochs with the
cache, filling it included, as a ratio, measured and by the formula

    speed-up(E) = E · plain / (fill + E · cached)

with the seconds of filling and the median seconds of an epoch of either way; then the largest
difference of a loss between the two ways, and the peaks of resident memory. An epoch before, in
which TensorFlow traces the step, is not counted, nor a batch before filling, for the same reason.
Last, the images a second that the input pipeline alone delivers (order, gather, resize from 32 x 32
pixels), of which training wants a tenth at most.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BATCH, PIXELS = 32, 224
WANTED = {"deit-small": {5: 2.3, 10: 3.0}, "vgg19": {5: 2.0}}
LOSSES_EQUAL_TO = 1e-5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--way", choices=["plain", "cached"], help=argparse.SUPPRESS)
    parser.add_argument("--model", help=argparse.SUPPRESS)
    return parser.parse_args()


def work(options: argparse.Namespace) -> None:
    """Be one way: prepare, then an epoch for each line on standard input, a JSON line each."""
    from keras_suite.terminal.quiet import start_tensorflow

    start_tensorflow()
    import time

    import keras
    import numpy as np
    import tensorflow as tf
    from keras_suite.experiments import cifar10

    from keras_suite.data.split import Split
    from keras_suite.training.features import BATCH as FILL_BATCH
    from keras_suite.training.memory import watch_peak_memory
    from keras_suite.training.prefix import cut
    from keras_suite.training.prefix_cache import PrefixCache
    from keras_suite.training.rows import ArrayRows

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (options.images, PIXELS, PIXELS, 3), "uint8")
    rows = ArrayRows(images, rng.integers(0, 10, options.images), BATCH)
    asked = cifar10.Config(seed=0, model=options.model, weights="none", train_embeddings=False)
    (config,) = (variant.config for variant in cifar10.variants(asked))
    model = cifar10.build(config, Split(rows, rows, rows))
    optimizer = keras.optimizers.Adam(config.learning_rate)
    peak, started = watch_peak_memory(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        if options.way == "cached":
            prefix, model = cut(model)
            prefix.predict_on_batch(images[:FILL_BATCH])  # traced, as the steps in the warm-up
            started = time.perf_counter()
            (rows,) = PrefixCache(Path(folder)).rows(prefix, [rows])
        filled = time.perf_counter() - started
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        first_step, steps = tf.Variable(0, dtype=tf.int64), -(-len(rows) // BATCH)
        batches = rows.training_batches(BATCH, 0, first_step, steps)
        print(json.dumps({"seconds": filled}), flush=True)
        for _ in sys.stdin:
            started = time.perf_counter()
            history = model.fit(batches, verbose=0, shuffle=False).history
            seconds = time.perf_counter() - started
            first_step.assign_add(steps)
            said = {"seconds": seconds, "loss": history["loss"][0], "peak": peak()}
            print(json.dumps(said), flush=True)


class Way:
    """A process of one way."""

    def __init__(self, way: str, model: str, images: int):
        command = [sys.executable, __file__, "--way", way, "--model", model]
        self.process = subprocess.Popen(
            [*command, "--images", str(images)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.fill = self.answer()["seconds"]
        self.epochs: list[dict] = []

    def answer(self) -> dict:
        """Wait for the next line of the process."""
        return json.loads(self.process.stdout.readline())

    def train(self) -> None:
        """Let it train for an epoch."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.epochs.append(self.answer())

    def seconds(self, epochs: int) -> float:
        """Seconds of filling the cache and of so many epochs."""
        return self.fill + sum(each["seconds"] for each in self.epochs[1 : epochs + 1])


def compare(model: str, images: int, epochs: int) -> None:
    plain, cached = Way("plain", model, images), Way("cached", model, images)
    for _ in range(epochs + 1):
        plain.train()
        cached.train()
    each, its = (statistics.median(e["seconds"] for e in w.epochs[1:]) for w in (plain, cached))
    print(f"{model}, {images} images: filling {cached.fill:.1f} s, an epoch {each:.1f} s without")
    print(f"  the cache, {its:.1f} s with it")
    for count in (n for n in (1, 5, 10) if n <= epochs):
        measured = plain.seconds(count) / cached.seconds(count)
        formula = count * each / (cached.fill + count * its)
        wanted = WANTED[model].get(count)
        print(
            f"  {count:2d} epochs: {measured:.2f} times faster, by the formula {formula:.2f}"
            + (f" (at least {wanted} is wanted)" if wanted else "")
        )
    losses = zip(plain.epochs, cached.epochs, strict=True)
    worst = max(abs(a["loss"] - b["loss"]) for a, b in losses)
    print(f"  largest difference of an epoch's loss {worst:.1e} (at most {LOSSES_EQUAL_TO})")
    peaks = [way.epochs[-1]["peak"] / 2**20 for way in (plain, cached)]
    print(
        "  peak memory {:,.0f} MiB without, {:,.0f} MiB with the cache".format(*peaks), flush=True
    )
    for way in (plain, cached):
        way.process.communicate()


def input_pipeline(images: int = 10_000) -> None:
    """Print how many images a second are gathered and resized as the networks do it."""
    import time

    import keras
    import numpy as np
    import tensorflow as tf

    from keras_suite.training.rows import ArrayRows

    rng = np.random.default_rng(0)
    rows = ArrayRows(rng.integers(0, 256, (images, 32, 32, 3), "uint8"), np.zeros(images, int))
    resize = keras.layers.Resizing(PIXELS, PIXELS, interpolation="bilinear")
    scaled = tf.function(lambda batch: resize(tf.cast(batch, tf.float32) / 255))
    batches = rows.training_batches(BATCH, 0, tf.Variable(0, dtype=tf.int64), images // BATCH)
    for _ in range(2):  # the first one traces
        started = time.perf_counter()
        for batch, _ in batches:
            scaled(batch)
        seconds = time.perf_counter() - started
    print(f"input pipeline: {images // BATCH * BATCH / seconds:,.0f} images a second")


def main() -> None:
    options = arguments()
    if options.way:
        work(options)
        return
    compare("deit-small", options.images, options.epochs)
    compare("vgg19", options.images // 2, options.epochs // 2)
    input_pipeline()


if __name__ == "__main__":
    main()
