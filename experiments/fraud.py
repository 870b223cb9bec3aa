"""Card fraud: a one-dimensional convolutional network and ADASYN (reports A and B).

    python experiments/fraud.py                  the report's recipe, both protocols
    python experiments/fraud.py --preset quick   the same code, smaller
    python tuning/search.py fraud                tune model 2 under the sound protocol

On 2 cores the recipe takes about 3 minutes on the sample, the quick preset half a minute. Expect
nearly perfect figures from the paper's protocol and a far lower F1 from the sound one.

Model 1 sees the rows as they are, model 2 rows balanced by ADASYN. The report's protocol
("paper") resamples the whole table BEFORE the split, so that synthetic copies of training frauds
reach the test set: its figures flatter. The sound one ("clean") splits first and resamples the
training part only. Model 1 is the same under both and is trained once.
"""

import dataclasses
import sys
from dataclasses import dataclass
from typing import Literal

from keras_suite.cli import main
from keras_suite.config import ExperimentConfig, require
from keras_suite.experiment import Objective

CLASSES = ["legitimate", "fraud"]
REPORTED = [
    (
        {"model": "1, as is", "protocol": "both", "split": "test"},
        {"accuracy": 0.9993, "precision": 0.8806, "recall": 0.6556, "f1": 0.7516}
        | {"tn": 56_648, "fp": 8, "fn": 31, "tp": 59},
    ),
    (
        {"model": "2, ADASYN", "protocol": "paper", "split": "test"},
        {"accuracy": 0.9958, "precision": 0.9916, "recall": 1.0, "f1": 0.9958}
        | {"tn": 55_822, "fp": 481, "fn": 0, "tp": 56_916},
    ),
]


@dataclass(frozen=True)
class Config(ExperimentConfig):
    """Report A's recipe; batch size 32 is Keras' default, which its code leaves in place."""

    protocol: Literal["both", "paper", "clean"] = "both"
    """paper: resample, then split (the report's flaw). clean: split, then resample."""
    resample: bool = True
    """Train model 2, with ADASYN, beside model 1."""
    k_neighbors: int = 5
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
    """Of Adam."""
    batch_size: int = 32
    """Rows a training step."""
    epochs: int = 46
    """Passes over the training rows."""
    repeats: int = 1
    """Repeat everything with this many seeds; figures become means with standard deviations."""
    rows: int = 0
    """Use only so many rows, drawn at random with the table's fraud rate; 0 uses all."""

    def __post_init__(self):
        super().__post_init__()
        at_least_1 = "k_neighbors", "filters", "dense_units", "batch_size", "epochs", "repeats"
        self.require_at_least(1, *at_least_1)
        self.require_at_least(0, "rows")
        self.require_above_0("ratio", "learning_rate")
        fractions = all(0 <= rate < 1 for rate in self.dropout)
        require(fractions, f"--dropout rates must lie in [0, 1), not {self.dropout}")


PRESETS = {"paper": Config(), "quick": Config(epochs=5, rows=20_000)}


def pr_auc(labels, outputs) -> float:
    """Average precision of fraud; accuracy would say nothing where frauds are so rare."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(labels, outputs[:, 1]))


OBJECTIVE = Objective("val_pr_auc", "max", pr_auc)


def search_space(hp, config: Config) -> Config:
    """Sample model 2 under the sound protocol: network, learning rate and resampling."""
    filters = hp.Choice("filters", [16, 32, 64])
    return dataclasses.replace(
        config,
        protocol="clean",
        resample=True,
        k_neighbors=hp.Int("k_neighbors", 3, 15, step=2),
        ratio=hp.Float("ratio", 0.1, 1.0, step=0.1),
        filters=(filters, 2 * filters),
        dense_units=hp.Choice("dense_units", [32, 64, 128]),
        dropout=tuple(hp.Float(f"dropout_{i}", 0.0, 0.6, step=0.1) for i in (1, 2, 3)),
        learning_rate=hp.Float("learning_rate", 1e-4, 1e-2, sampling="log"),
    )


def load(config: Config):
    """Load the table and drop exact duplicates (1,081 of the real table's rows)."""
    from sklearn.model_selection import train_test_split

    from keras_suite.tasks.fraud import creditcard

    table = creditcard.load(config.data, config.data_dir)
    frame = table.frame.drop_duplicates(ignore_index=True)
    if 0 < config.rows < len(frame):
        frame, _ = train_test_split(
            frame, train_size=config.rows, stratify=frame["Class"], random_state=config.seed
        )
    return dataclasses.replace(table, frame=frame)


def split(config: Config, table):
    """Split 20 % for the test, then a quarter of the rest for validation; ADASYN before or after.

    The protocol must be "paper" or "clean".
    """
    from sklearn.model_selection import train_test_split

    from keras_suite.data.split import Split
    from keras_suite.errors import InputError
    from keras_suite.tasks.fraud.creditcard import FEATURES

    X, y = table.frame[FEATURES].to_numpy(), table.frame["Class"].to_numpy(int)
    if config.resample and config.protocol == "paper":
        X, y = resampled(config, X, y)  # the flaw: the test rows come from these
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, random_state=config.seed)
    kept = int(len(X) * 0.75)  # Keras' validation_split takes the last quarter
    train, validation = (X[:kept], y[:kept]), (X[kept:], y[kept:])
    if config.resample and config.protocol == "clean":
        train = resampled(config, *train)
    parts = [(X.astype("float32"), y) for X, y in (train, validation, (X_test, y_test))]
    for name, (_, y) in zip(("training", "validation", "test"), parts, strict=True):
        if len(set(y)) < 2:
            raise InputError(f"The {name} part holds no fraud: use more rows or another --seed.")
    return Split(*parts)


def resampled(config: Config, X, y):
    """Balance the classes with ADASYN."""
    from keras_suite.errors import InputError
    from keras_suite.sampling import ADASYN

    try:
        return ADASYN(config.k_neighbors, config.ratio, seed=config.seed).fit_resample(X, y)
    except ValueError as error:
        raise InputError(f"ADASYN: {error}.") from error


def build(config: Config, split):
    """Build and compile the network, its scaler fitted to the training rows.

    The report's binary cross-entropy over both outputs of a softmax is the cross-entropy below.
    """
    import keras

    from keras_suite.tasks.fraud.fraud_cnn import fraud_cnn

    keras.utils.set_random_seed(config.seed)
    X = split.train[0].astype("float64")
    model = fraud_cnn(
        X.mean(axis=0),
        X.var(axis=0),
        filters=config.filters,
        dense_units=config.dense_units,
        dropout=config.dropout,
    )
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=64,
    )
    return model


def list_variants(config: Config, table) -> list:
    """Prepare the fits: model 1 once, model 2 under each protocol, for each seed."""
    from keras_suite.training.variant import Variant

    def prepare(model: str, shown_protocol: str, **changes) -> Variant:
        changed = dataclasses.replace(config, **changes)
        rows = split(changed, table)
        return Variant(model, shown_protocol, changed, rows, build(changed, rows))

    protocols = ["paper", "clean"] if config.protocol == "both" else [config.protocol]
    variants = []
    for seed in range(config.seed, config.seed + config.repeats):
        variants.append(prepare("1, as is", "both", seed=seed, protocol="clean", resample=False))
        for protocol in protocols if config.resample else []:
            variants.append(prepare("2, ADASYN", protocol, seed=seed, protocol=protocol))
    return variants


def run(config: Config, run) -> None:
    """Train every variant, measure it on all three parts, draw, export."""
    from keras_suite.training import parallel

    parallel.one_core_per_operation()
    with run.stage("prepare"):
        table = load(config)
        variants = list_variants(config, table)
    run.use(table.provenance, table.notice)
    histories = run.fit([each.fit for each in variants], share=0.9)
    first_seed = [each for each in variants if each.config.seed == config.seed]
    with run.stage("measure", 0.04):
        results = measure(variants)
    with run.stage("draw", 0.04):
        draw(first_seed, histories, table, run)
    with run.stage("export", 0.02):
        export(first_seed, run)
    run.finish(results)


def fraud_probabilities(variant) -> dict:
    """Labels and fraud probabilities by part."""
    return {part: (y, outputs[:, 1]) for part, (y, outputs) in variant.predictions.items()}


def measure(variants: list) -> list[dict]:
    """Compare every model, protocol and part with the report; sound ones at two thresholds."""
    from keras_suite.metrics.classification import best_f1_threshold, binary_report
    from keras_suite.runs.results import compare

    measured = []
    for each in variants:
        by_part = fraud_probabilities(each)
        best = best_f1_threshold(*by_part["validation"])
        for part, (y, probability) in by_part.items():
            where = {"model": each.model, "protocol": each.protocol, "split": part}
            measured.append((where, binary_report(y, probability)))
            if each.protocol != "paper":
                at_best = {"threshold": best} | binary_report(y, probability, best)
                measured.append((where | {"decision": "tuned threshold"}, at_best))
    return compare(measured, REPORTED)


def draw(variants: list, histories: dict, table, run) -> None:
    """Draw the figures of one seed."""
    from sklearn.metrics import confusion_matrix

    from keras_suite.plots import common as plots

    classes = {"all rows": table.frame["Class"].to_numpy(int)}
    classes |= {f"training rows\n{each.label}": each.split.train[1] for each in variants}
    curves = {each.label: histories[each.fit.name] for each in variants}
    scores = {each.label: fraud_probabilities(each) for each in variants}
    matrices = {
        label: {part: confusion_matrix(y, p >= 0.5) for part, (y, p) in by_part.items()}
        for label, by_part in scores.items()
    }
    tests = {label: by_part["test"] for label, by_part in scores.items()}
    run.save_figure(plots.class_histogram(classes, CLASSES), "classes")
    run.save_figure(plots.learning_curves(curves, ["loss", "accuracy"]), "learning_curves")
    run.save_figure(plots.confusion_matrices(matrices, CLASSES), "confusion")
    run.save_figure(plots.roc_and_precision_recall(tests), "roc_precision_recall")


def export(variants: list, run) -> None:
    """Export the soundly trained model with the best PR-AUC on validation rows."""
    import tensorflow as tf

    from keras_suite.tasks.fraud.creditcard import FEATURES

    sound = [each for each in variants if each.protocol != "paper"]
    best = max(sound, key=lambda each: pr_auc(*each.predictions["validation"]))
    model = best.network

    def serving_default(features):
        """Unscaled payments in (V1 to V28 and Amount), the probability of fraud out."""
        return {"fraud_probability": model(features)[:, 1]}

    specs = [tf.TensorSpec((None, len(FEATURES)), tf.float32, name="features")]
    examples = {"features": best.split.test[0]}
    card = {"classes": CLASSES, "columns": FEATURES}
    run.save_model(model, f"model {best.label}", serving_default, specs, examples, **card)


if __name__ == "__main__":
    sys.exit(main(sys.modules[__name__]))
