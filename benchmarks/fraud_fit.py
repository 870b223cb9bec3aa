"""The three fits of the fraud job: plain ``model.fit`` one after another, and this suite's way.

``python benchmarks/fraud_fit.py [--data-dir FILE] [--epochs 4] [--rounds 3]`` trains the same
networks on the same rows with the same batch size and number of epochs both ways, each round in
two fresh processes that take turns, and prints the wall times of the fits and their ratio. The
plain way is ``model.fit(x, y, batch_size=32)`` with the validation rows the learning curves need,
on TensorFlow's default settings. Start-up and data preparation are not counted; building graphs is.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WANTED = 2.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", help="the real table; the stand-in is used without it")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=["plain", "suite"], help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=42, help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(options: argparse.Namespace) -> dict:
    """Run one way in this process; seconds and test PR-AUC of each of the three models."""
    from keras_suite.terminal.quiet import start_tensorflow

    start_tensorflow()
    from keras_suite.experiments import fraud
    from sklearn.metrics import average_precision_score

    from keras_suite.experiment import prepare
    from keras_suite.training import parallel

    if options.way == "suite":
        parallel.one_core_per_operation()
    config = fraud.Config(
        seed=options.seed,
        epochs=options.epochs,
        data="real" if options.data_dir else "sample",
        data_dir=options.data_dir and Path(options.data_dir),
    )
    trained = prepare(fraud, config, fraud.load(config))
    for each in trained:
        each.build(fraud)
        if options.way == "plain":
            recompile(each)
    started = time.perf_counter()
    if options.way == "plain":
        for each in trained:
            rows = each.rows
            each.network.fit(
                *rows.train,
                batch_size=config.batch_size,
                epochs=config.epochs,
                validation_data=rows.validation,
                verbose=0,
            )
    else:
        with tempfile.TemporaryDirectory() as folder:
            fits = [each.fit(fraud, epochs=config.epochs) for each in trained]
            parallel.run_fits(fits, Path(folder) / "state", Path(folder) / "log")
    seconds = time.perf_counter() - started
    tested = [each.predict("test") for each in trained]
    return {
        "seconds": seconds,
        "pr_auc": [float(average_precision_score(y, p[:, 1])) for y, p in tested],
    }


def recompile(trained) -> None:
    """As a plain script compiles the model: without ``steps_per_execution``."""
    import keras

    optimizer = keras.optimizers.Adam(trained.config.learning_rate)
    loss = "sparse_categorical_crossentropy"
    trained.network.compile(optimizer, loss=loss, metrics=["accuracy"])


def in_fresh_process(way: str, seed: int) -> dict:
    command = [sys.executable, *sys.argv, "--way", way, "--seed", str(seed)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main() -> None:
    options = arguments()
    if options.way:
        print(json.dumps(measure(options)))
        return
    rounds = []
    for seed in range(options.rounds):
        both = {way: in_fresh_process(way, seed) for way in ("plain", "suite")}
        rounds.append(both)
        plain, suite = both["plain"]["seconds"], both["suite"]["seconds"]
        print(f"seed {seed}: plain {plain:.1f} s, suite {suite:.1f} s, ratio {plain / suite:.2f}")
    ratio = statistics.median(
        both["plain"]["seconds"] / both["suite"]["seconds"] for both in rounds
    )
    print(f"median ratio of wall times: {ratio:.2f} (at least {WANTED} is wanted)")
    for index, name in enumerate(("model 1", "model 2 paper", "model 2 clean")):
        for way in ("plain", "suite"):
            values = [both[way]["pr_auc"][index] for both in rounds]
            spread = statistics.stdev(values) if len(values) > 1 else 0.0
            print(f"test PR-AUC of {name}, {way}: {statistics.mean(values):.4f} ± {spread:.4f}")


if __name__ == "__main__":
    main()
