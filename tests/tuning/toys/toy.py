"""An experiment small enough that a trial takes a second."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from keras_suite.config import ExperimentConfig
from keras_suite.data.provenance import Provenance
from keras_suite.data.split import Split
from keras_suite.experiment import Variant
from keras_suite.serving.served import Served

REPORTED = [({"model": "small", "split": "test"}, {"mean_error": 0.5})]
OBJECTIVE = "val_mean_error"


@dataclass(frozen=True)
class Config(ExperimentConfig):
    units: int = 4
    learning_rate: float = 0.01
    optimizer: str = "adam"
    batch_size: int = 16
    epochs: int = 3
    most_units: int = 64

    def __post_init__(self):
        super().__post_init__()
        if self.units > self.most_units:
            raise ValueError(f"--units must be at most {self.most_units}, not {self.units}")


PRESETS = {"paper": Config(), "quick": Config(epochs=1)}


@dataclass(frozen=True)
class Data:
    X: np.ndarray
    y: np.ndarray
    provenance: Provenance
    notice: str = "SAMPLE DATA: a toy."


def search_space(hp, config):
    return dataclasses.replace(
        config,
        units=hp.Int("units", 2, 64, step=2),
        learning_rate=hp.Float("learning_rate", 1e-3, 1e-1, sampling="log"),
        optimizer=hp.Choice("optimizer", ["adam", "rmsprop"]),
    )


def load(config):
    rng = np.random.default_rng(config.seed)
    X = rng.normal(size=(120, 4)).astype("float32")
    return Data(X, X[:, 0] * X[:, 1], Provenance("a toy", "sample", len(X), f"{config.seed:064d}"))


def variants(config):
    """The first weights, and two networks of which the better one is exported."""
    small, large = config, dataclasses.replace(config, units=2 * config.units)
    return [
        Variant("untrained", config, trains=False, is_candidate=False),
        Variant("small", small),
        Variant("large", large, "twice"),
    ]


def split(config, data):
    parts = [slice(0, 80), slice(80, 100), slice(100, 120)]
    return Split(*((data.X[part], data.y[part]) for part in parts))


def build(config, split):
    import keras

    keras.utils.set_random_seed(config.seed)
    layers = [keras.layers.Dense(config.units, "relu"), keras.layers.Dropout(0.1)]
    model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
    optimizer = keras.optimizers.get(config.optimizer)
    optimizer.learning_rate = config.learning_rate
    model.compile(optimizer, loss="mse")
    return model


def mean_error(y, p):
    return float(np.abs(p[:, 0] - y).mean())


def measures(trained):
    return {OBJECTIVE: mean_error}


def evaluate(trained):
    return [({"split": "test"}, {"mean_error": mean_error(*trained.predict("test"))})]


def serve(trained):
    import tensorflow as tf

    def serving_default(features):
        """Four numbers in, the product of two out."""
        return {"product": trained.network(features)[:, 0]}

    specs = [tf.TensorSpec([None, 4], tf.float32, name="features")]
    return Served(trained.network, serving_default, specs, {"features": trained.rows.test[0]})
