"""Feature-based epochs on tweets with the frozen-prefix cache against the same epochs without.

``python benchmarks/text_prefix_cache.py [--data-dir FOLDER] [--encoder minilm] [--tweets 3000]``
trains model 1 (first token) and model 2 (bidirectional GRU) of ``experiments/fake_news.py`` on a
frozen encoder. The two ways take turns, an epoch each, on the same batches. It prints the time of 5
epochs without the cache over that with it, filling included, and the largest difference of an
epoch's loss. An epoch before, in which TensorFlow traces the step, is not counted. Without
--data-dir, templated tweets stand in.
"""

import argparse
import dataclasses
import sys
import tempfile
import time
from pathlib import Path

EPOCHS = 5
WANTED = {1: 4.0, 2: 3.0}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--encoder", help="minilm where it is installed, else tiny")
    parser.add_argument("--tweets", type=int, default=3000)
    return parser.parse_args()


def encoder_here() -> str:
    from keras_suite.data.minilm import minilm_folder
    from keras_suite.errors import InputError

    try:
        minilm_folder()
    except InputError as error:
        print(f"{error} Until then an untrained BERT stands in, too small to gain much.")
        return "tiny"
    return "minilm"


def prepare(options: argparse.Namespace, model: int):
    """Return the experiment's Config, rows and the functions that build a model."""
    from keras_suite.experiments import fake_news

    config = fake_news.Config(
        encoder=options.encoder,
        data="real" if options.data_dir else "sample",
        data_dir=options.data_dir,
        train_tweets=options.tweets,
        validation_tweets=100,
        test_tweets=1,
    ).of(model, fake_news.FEATURES)
    rows = fake_news.split(config, fake_news.load(config)).train
    split = dataclasses.make_dataclass("Split", ["train"])(rows)
    return config, rows, lambda: fake_news.build(config, split)


class Way:
    """One way: a model and its rows, and what its epochs took and gave."""

    def __init__(self, model, rows, config):
        import tensorflow as tf

        self.model = model
        self.first_step = tf.Variable(0, dtype=tf.int64)
        self.steps = -(-len(rows) // config.batch_size)
        self.batches = rows.training_batches(config.batch_size, 0, self.first_step, self.steps)
        self.seconds, self.losses = [], []

    def train(self) -> None:
        """Train for an epoch."""
        started = time.perf_counter()
        history = self.model.fit(self.batches, verbose=0, shuffle=False).history
        self.seconds.append(time.perf_counter() - started)
        self.losses.append(history["loss"][0])
        self.first_step.assign_add(self.steps)


def compare(options: argparse.Namespace, number: int) -> None:
    from keras_suite.training.cached import cached
    from keras_suite.training.prefix_cache import PrefixCache

    config, rows, build = prepare(options, number)
    plain = Way(build(), rows, config)
    with tempfile.TemporaryDirectory() as folder:
        model = build()
        started = time.perf_counter()
        tail, (stored,) = cached(model, [rows], PrefixCache(Path(folder)))
        filled = time.perf_counter() - started
        if tail is model:
            sys.exit("Nothing could be stored.")
        other = Way(tail, stored, config)
        for _ in range(EPOCHS + 1):
            plain.train()
            other.train()
        ratio = sum(plain.seconds[1:]) / (filled + sum(other.seconds[1:]))
        worst = max(abs(a - b) for a, b in zip(plain.losses, other.losses, strict=True))
        size = stored.path.stat().st_size / 1e6
    an_epoch = [sum(way.seconds[1:]) / EPOCHS for way in (plain, other)]
    print(
        f"model {number}, {len(rows):,} tweets, features of {size:.1f} MB: filling {filled:.1f} s,"
    )
    print(f"  an epoch {an_epoch[0]:.1f} s without the cache, {an_epoch[1]:.2f} s with it;")
    print(f"  {EPOCHS} epochs {ratio:.2f} times faster (at least {WANTED[number]} is wanted)")
    print(f"  largest difference of an epoch's loss {worst:.1e}", flush=True)


def main() -> None:
    options = arguments()
    from keras_suite.terminal.quiet import start_tensorflow

    start_tensorflow()
    options.encoder = options.encoder or encoder_here()
    for number in WANTED:
        compare(options, number)


if __name__ == "__main__":
    main()
