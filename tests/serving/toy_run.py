"""A run of a network so small that it takes no time, as an experiment leaves it."""

import io
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console

from keras_suite import experiment
from keras_suite.config import ExperimentConfig
from keras_suite.data.provenance import Provenance
from keras_suite.runs.run import open_run
from keras_suite.serving.served import Served

RESULT = {
    "model": "1", "protocol": "clean", "split": "test", "metric": "f1",
    "reported": None, "reproduced": 0.5,
}  # fmt: skip
ROWS = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")


@dataclass(frozen=True)
class Config(ExperimentConfig):
    """Of the toy."""


def make_run(output: Path, seed: int = 0) -> Path:
    """Run the toy; return the run's folder."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])

    def serving_default(features):
        """Three figures in, two probabilities out."""
        return {"probabilities": model(features), "scores": model(features)[:, 1] * 10}

    console = Console(file=io.StringIO())
    about = {"about": "A toy.", "command": "python experiments/toy.py"}
    with open_run("toy", "paper", Config(), output, console=console, **about) as run:
        run.use(Provenance("rows.csv", "real", 40, "a" * 64))
        specs = [tf.TensorSpec((None, 3), tf.float32, name="features")]
        served = Served(
            model, serving_default, specs, {"features": ROWS}, {"classes": ["no", "yes"]}
        )
        best = SimpleNamespace(name="the tiny one", config=Config())
        experiment.export(SimpleNamespace(serve=lambda _: served), best, run)
        run.finish([RESULT])
    return run.folder


def copied(run: Path, output: Path, name: str = "toy") -> Path:
    """Copy a run to where a test may spoil it."""
    folder = output / name / run.name
    shutil.copytree(run, folder)
    (folder.parent / "latest").symlink_to(folder.name)
    return folder
