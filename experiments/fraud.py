"""Card fraud: a one-dimensional convolutional network and ADASYN (reports A and B).

    python experiments/fraud.py                  the report's recipe, both protocols
    python experiments/fraud.py --preset quick   the same code, smaller
    python tuning/search.py fraud                tune model 2 under the sound protocol

On 2 cores the recipe takes 3 to 5 minutes on the sample, the quick preset 20 seconds. Expect
nearly perfect figures from the paper's protocol and a far lower F1 from the sound one.

The table is of Dal Pozzolo and others, ULB Machine Learning Group. Model 1 sees the rows as they
are, model 2 rows balanced by ADASYN (He, Bai, Garcia and Li, IJCNN 2008). The report's protocol
("paper") resamples the whole table BEFORE the split, so that synthetic copies of training frauds
reach the test set: its figures flatter. The sound one ("clean") splits first and resamples the
training part only. Model 1 is trained once, on the rows of the sound one.
"""

import sys
from dataclasses import dataclass, replace
from typing import Literal

from etils import epy

from keras_suite import cli
from keras_suite.config import ExperimentConfig
from keras_suite.data.split import Split
from keras_suite.errors import InputError
from keras_suite.experiment import Variant, reported
from keras_suite.tasks.fraud import claims

with epy.lazy_imports():
    import keras
    from sklearn import metrics, model_selection

    from keras_suite import sampling
    from keras_suite.metrics import classification
    from keras_suite.plots import classes, curves
    from keras_suite.serving import served
    from keras_suite.tasks.fraud import creditcard, fraud_cnn

CLASSES = ["legitimate", "fraud"]
MODEL_1 = {"model": "1, as is", "protocol": "both"}
MODEL_2 = {"model": "2, ADASYN", "protocol": "paper"}
REPORTED = reported(
    "accuracy,precision,recall,f1,tn,fp,fn,tp",
    (MODEL_1 | {"split": "test"}, 0.9993, 0.8806, 0.6556, 0.7516, 56_648, 8, 31, 59),
    (MODEL_2 | {"split": "test"}, 0.9958, 0.9916, 1.0, 0.9958, 55_822, 481, 0, 56_916),
)
CLAIMS = claims.CLAIMS
OBJECTIVE = "val_pr_auc"  # accuracy would say nothing where frauds are so rare
SIDE_BY_SIDE = True


@dataclass(frozen=True)
class Config(ExperimentConfig):
    """Report A's recipe; batch size 32 is Keras' default, which its code leaves in place."""

    protocol: Literal["both", "paper", "clean"] = "both"
    """paper: resample, then split (the report's flaw). clean: split, then resample."""
    resample: bool = True
    """Train model 2, with ADASYN, beside model 1."""
    n_neighbors: int = 5
    """ADASYN's neighbours."""
    ratio: float = 1.0
    """ADASYN's share of the gap between the classes to fill."""
    filters: tuple[int, int] = (32, 64)
    """Filters of the two convolutions."""
    dense_units: int = 64
    """Units of both dense layers."""
    dropout: tuple[float, float, float] = (0.2, 0.5, 0.5)
    """Dropout after the first pooling, the second pooling, the first dense layer."""
    learning_rate: float = 1e-4
    """Learning rate of Adam."""
    batch_size: int = 32
    """Rows of a training step."""
    epochs: int = 46
    """Passes over the training rows."""
    rows: int = 0
    """Use only so many rows, drawn at random with the table's fraud rate; 0 uses all."""


PRESETS = {"paper": Config(), "quick": Config(epochs=3, rows=10_000)}


def search_space(hp, config: Config) -> Config:
    """Sample model 2 under the sound protocol: network, learning rate and resampling."""
    filters = hp.Choice("filters", [16, 32, 64])
    return replace(
        config,
        protocol="clean",
        resample=True,
        n_neighbors=hp.Int("n_neighbors", 3, 15, step=2),
        ratio=hp.Float("ratio", 0.1, 1.0, step=0.1),
        filters=(filters, 2 * filters),
        dense_units=hp.Choice("dense_units", [32, 64, 128]),
        dropout=tuple(hp.Float(f"dropout_{i}", 0.0, 0.6, step=0.1) for i in (1, 2, 3)),
        learning_rate=hp.Float("learning_rate", 1e-4, 1e-2, sampling="log"),
    )


def needs(config: Config) -> list:
    """Say what is fetched from elsewhere."""
    return creditcard.needs()


def load(config: Config):
    """Load the table and drop exact duplicates (1,081 of the real table's rows)."""
    table = creditcard.load(config.data, config.data_dir)
    return creditcard.drawn(table, config.rows, config.seed)


def variants(config: Config) -> list[Variant]:
    """Model 1, and model 2 under each protocol."""
    protocols = ["paper", "clean"] if config.protocol == "both" else [config.protocol]
    plain = replace(config, protocol="clean", resample=False)
    resampled = [replace(config, protocol=each) for each in protocols]
    return [Variant("1, as is", plain, "both")] + [
        Variant("2, ADASYN", each, each.protocol, is_candidate=each.protocol != "paper")
        for each in resampled * config.resample
    ]


def split(config: Config, table):
    """Split 20 % for the test, then a quarter of the rest for validation; ADASYN before or after.

    The protocol must be "paper" or "clean", which counts payments once that differ in time alone.
    """
    frame = table.frame if config.protocol == "paper" else creditcard.told_apart(table.frame)
    X, y = frame[creditcard.FEATURES].to_numpy(), frame["Class"].to_numpy(int)
    adasyn = sampling.ADASYN(config.n_neighbors, config.ratio, seed=config.seed)
    if config.resample and config.protocol == "paper":
        X, y = adasyn.fit_resample(X, y)  # the flaw: the test rows come from these
    drawn: list = model_selection.train_test_split(X, y, test_size=0.2, random_state=config.seed)
    X, X_test, y, y_test = drawn
    kept = int(len(X) * 0.75)  # Keras' validation_split takes the last quarter
    parts = [(X[:kept], y[:kept]), (X[kept:], y[kept:]), (X_test, y_test)]
    if any(len(set(y)) < 2 for _, y in parts):
        raise InputError("A part of the rows holds no fraud: use more rows or another --seed.")
    if config.resample and config.protocol == "clean":
        parts[0] = adasyn.fit_resample(*parts[0])
    return Split(*((X.astype("float32"), y) for X, y in parts))


def build(config: Config, rows):
    """Build and compile the network, its scaler fitted to the training rows.

    The report's binary cross-entropy over both outputs of a softmax is the cross-entropy below.
    """
    keras.utils.set_random_seed(config.seed)
    X = rows.train[0].astype("float64")
    sizes = {name: getattr(config, name) for name in ("filters", "dense_units", "dropout")}
    model = fraud_cnn.fraud_cnn(X.mean(axis=0), X.var(axis=0), **sizes)
    model.compile(
        keras.optimizers.Adam(config.learning_rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=64,
    )
    return model


def measures(trained) -> dict:
    """Measure average precision of fraud on the validation rows after each epoch."""
    return {OBJECTIVE: lambda y, p: float(metrics.average_precision_score(y, p[:, 1]))}


def evaluate(trained) -> list:
    """Measure all parts at 0.5, and sound models at the threshold best on validation rows, too."""
    y, p = trained.predict("validation")
    best, measured = classification.best_f1_threshold(y, p[:, 1]), []
    for part in ("train", "validation", "test"):
        y, p = trained.predict(part)
        measured.append(({"split": part}, classification.binary_report(y, p[:, 1])))
        if trained.variant.protocol != "paper":
            tuned = {"threshold": best} | classification.binary_report(y, p[:, 1], best)
            measured.append(({"split": part, "decision": "tuned threshold"}, tuned))
    return measured


def figures(outcome) -> dict:
    """Draw the classes, the training, and how the models decide."""
    counts = {"all rows": outcome.data.frame["Class"].to_numpy(int)}
    counts |= {f"training rows\n{each.name}": each.rows.train[1] for each in outcome.trained}
    predictions = outcome.predictions("train", "validation", "test")
    tests = {name: (y, p[:, 1]) for name, parts in predictions.items() for y, p in [parts["test"]]}
    return {
        "classes": classes.class_histogram(counts, CLASSES),
        "learning_curves": curves.learning_curves(outcome.histories, ["loss", "accuracy"]),
        "confusion": classes.confusion_matrices(predictions, CLASSES),
        "roc_precision_recall": classes.roc_and_precision_recall(tests),
    }


def serve(trained):
    """Export unscaled payments in, the probability of fraud out."""
    about = "Unscaled payments in (V1 to V28 and Amount), the probability of fraud out."
    given = trained.network, about, fraud_cnn.fraud_probability, trained.rows.test[0]
    return served.serve_rows(*given, creditcard.FEATURES, classes=CLASSES)


if __name__ == "__main__":
    sys.exit(cli.run_file(sys.modules[__name__]))
