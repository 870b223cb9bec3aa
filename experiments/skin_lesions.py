"""Skin lesions: why accuracy misleads where classes are unbalanced (report D).

    python experiments/skin_lesions.py                      the plain network and four remedies
    python experiments/skin_lesions.py --remedy plain       one of the five
    python experiments/skin_lesions.py --preset quick       the same code, smaller
    python tuning/search.py skin_lesions                    tune the combined remedy

DermaMNIST has 7,007 images of seven kinds of lesions to train on, two thirds of them nevi and one
in a hundred a dermatofibroma. The report's plain network (``tasks/skin_lesions/lesion_cnn.py``; it
names no layers) stands beside what the report recommends and does not do: weights (the loss of a
class times the inverse of its size), sampling (all classes drawn equally often), augmentation
(training images flipped and shifted at random) and combined (augmentation, and half of the balance
by sampling, half by weights). All train for the same number of steps; the best on validation images
is exported. Epochs and augmentation were settled with test figures of an earlier recipe in sight.
On 2 cores the five take 17 minutes (beside others), the quick preset half a minute.
"""

import dataclasses
import sys
from dataclasses import dataclass
from typing import Literal

from keras_suite.cli import main
from keras_suite.config import ExperimentConfig, require
from keras_suite.experiment import Objective
from keras_suite.tasks.skin_lesions.dermamnist import CLASS_NAMES as CLASSES

BALANCE = {
    "plain": {},
    "weights": {"weighting": 1.0},
    "sampling": {"sampling": 1.0},
    "augmentation": {},
    "combined": {"sampling": 0.5, "weighting": 0.5},
}
INTERVALS = "test, 95 % interval"
AUGMENTED = "augmentation", "combined"
MEASURED = "accuracy", "precision", "balanced_accuracy", "f1", "weighted_f1"
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
PLAIN = {"model": "plain", "protocol": "paper"}
REPORTED = [
    (PLAIN | {"split": part}, dict(zip(MEASURED, figures, strict=True)))
    for part, figures in FIGURES.items()
] + [
    (
        PLAIN | {"split": f"{part}, by class"},
        {f"f1 {name}": value for name, value in zip(CLASSES, values, strict=True)},
    )
    for part, values in F1.items()
]
OBJECTIVE = Objective("val_balanced_accuracy", "max")


@dataclass(frozen=True)
class Config(ExperimentConfig):
    """The recipe; the report names no optimizer, batch size or epochs, those here are ours."""

    remedy: Literal["all", "plain", "weights", "sampling", "augmentation", "combined"] = "all"
    """What is done about the rare classes; all trains the five networks."""
    dropout: float = 0.25
    """Before and after the dense layer."""
    learning_rate: float = 1e-3
    """Of Adam; falls to 0 along a cosine over all steps."""
    batch_size: int = 64
    """Images a training step."""
    epochs: int = 60
    """Of as many steps as a pass over the training images takes."""
    train_images: int = 0
    """Use only so many training images, the first ones; 0 uses all."""
    resamples: int = 1000
    """Of the test images, for the intervals."""
    repeats: int = 1
    """Repeat everything with this many seeds; figures become means with standard deviations."""

    def __post_init__(self):
        super().__post_init__()
        self.require_at_least(1, "batch_size", "epochs", "resamples", "repeats")
        self.require_at_least(0, "train_images")
        self.require_above_0("learning_rate")
        require(0 <= self.dropout < 1, f"--dropout must lie in [0, 1), not {self.dropout}")


PRESETS = {"paper": Config(), "quick": Config(epochs=2, train_images=1000, resamples=200)}


def search_space(hp, config: Config) -> Config:
    """Sample how a network learns; the combined remedy's where none is named."""
    return dataclasses.replace(
        config,
        remedy="combined" if config.remedy == "all" else config.remedy,
        dropout=hp.Float("dropout", 0.0, 0.5, step=0.1),
        learning_rate=hp.Float("learning_rate", 1e-4, 1e-2, sampling="log"),
        batch_size=hp.Choice("batch_size", [32, 64, 128]),
    )


def load(config: Config):
    """Load the images; without a network, digits made as unbalanced stand in."""
    from keras_suite.tasks.skin_lesions import dermamnist

    return dermamnist.load(config.data, config.data_dir)


def split(config: Config, lesions):
    """Take the parts as they are; training rows are drawn or weighted as the one remedy says."""
    from keras_suite.data.split import Split
    from keras_suite.tasks.skin_lesions.class_balance import ClassBalancedRows
    from keras_suite.training.rows import ArrayRows

    (X, y), *others = lesions.split.parts().values()
    kept, at_once = config.train_images or None, 256
    train = ClassBalancedRows(X[:kept], y[:kept], at_once, **BALANCE[config.remedy])
    return Split(train, *(ArrayRows(*part, at_once) for part in others))


def build(config: Config, rows):
    """Build and compile the network of one remedy."""
    import keras

    from keras_suite.tasks.skin_lesions.balanced_accuracy import BalancedAccuracy
    from keras_suite.tasks.skin_lesions.lesion_cnn import lesion_cnn

    keras.utils.set_random_seed(config.seed)
    augment = config.remedy in AUGMENTED
    model = lesion_cnn(len(CLASSES), dropout=config.dropout, augment=augment)
    steps = config.epochs * -(-len(rows.train) // config.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, steps)
    model.compile(
        keras.optimizers.Adam(rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy", BalancedAccuracy(len(CLASSES))],
        steps_per_execution=8,
    )
    return model


def list_variants(config: Config, lesions) -> list:
    """Prepare the fits: every remedy for each seed."""
    from keras_suite.training.variant import Variant

    variants = []
    for seed in range(config.seed, config.seed + config.repeats):
        for remedy in BALANCE if config.remedy == "all" else [config.remedy]:
            changed = dataclasses.replace(config, seed=seed, remedy=remedy)
            rows, protocol = split(changed, lesions), "paper" if remedy == "plain" else "remedy"
            variants.append(Variant(remedy, protocol, changed, rows, build(changed, rows)))
    return variants


def run(config: Config, run) -> None:
    """Train every remedy, measure it on all three parts, draw, export the best on validation."""
    from keras_suite.metrics.classification import undefined_figures
    from keras_suite.runs.results import compare, results_table
    from keras_suite.training import parallel

    parallel.one_core_per_operation()
    with run.stage("prepare"):
        lesions = load(config)
        variants = list_variants(config, lesions)
    run.use(lesions.provenance, lesions.notice)
    for part, rows in variants[0].split.parts().items():
        if sentence := undefined_figures(rows.labels, CLASSES):
            run.console.print(f"Of {part}, {sentence}", soft_wrap=True, highlight=False)
    histories = run.fit([each.fit for each in variants], share=0.9)
    first_seed = [each for each in variants if each.config.seed == config.seed]
    with run.stage("measure", 0.04):
        results = compare([row for each in variants for row in measure(each)], REPORTED)
    with run.stage("draw", 0.04):
        draw(first_seed, histories, results, run)
    with run.stage("export", 0.02):
        export(max(first_seed, key=lambda each: histories[each.fit.name][-1][OBJECTIVE.name]), run)
    by_class = [row for row in results if row["metric"].startswith(("recall", "f1"))]
    run.console.print(results_table(by_class, "test, by class", "Recall and F1 of each class"))
    run.finish(results)


def measure(variant) -> list[tuple[dict, dict]]:
    """Measure a network on every part, as a whole, by class, and how far chance goes."""
    from keras_suite.metrics.classification import averages_report, figures_by_class
    from keras_suite.tasks.skin_lesions.bootstrap import bootstrap_intervals

    name = {"model": variant.model, "protocol": variant.protocol}
    measured = []
    for part, (y, p) in variant.predictions.items():
        measured.append((name | {"split": part}, averages_report(y, p)))
        measured.append((name | {"split": f"{part}, by class"}, figures_by_class(y, p, CLASSES)))
    test, resamples = variant.predictions["test"], variant.config.resamples
    ends = {
        f"{metric} {end}": value
        for metric, values in bootstrap_intervals(*test, resamples=resamples).items()
        for end, value in zip(("from", "to"), values, strict=True)
    }
    return [*measured, (name | {"split": INTERVALS}, ends)]


def draw(variants: list, histories: dict, results: list, run) -> None:
    """Draw the data, the curves and how each class fares; one seed's, but for the last figure."""
    from keras_suite.plots import common as plots
    from keras_suite.tasks.skin_lesions import class_plots

    train = variants[0].split.train
    labels = {part: rows.labels for part, rows in variants[0].split.parts().items()}
    models = {each.model: each.predictions for each in variants}
    curves = {each.model: histories[each.fit.name] for each in variants}
    picks = [i for label in range(len(CLASSES)) for i in (train.labels == label).nonzero()[0][:6]]
    samples = plots.gallery(train.inputs[picks], [CLASSES[train.labels[i]] for i in picks])
    run.save_figure(plots.class_histogram(labels, CLASSES), "classes")
    run.save_figure(samples, "samples")
    run.save_figure(plots.learning_curves(curves, ["loss", "balanced_accuracy"]), "learning_curves")
    for name, parts in models.items():
        run.save_figure(class_plots.confusion_by_part(parts, CLASSES), f"confusion_{name}")
        run.save_figure(class_plots.roc_by_class(parts, CLASSES), f"roc_{name}")
    for rate, reported in ("f1", F1), ("recall", {}):
        figure = class_plots.rates_by_class(models, CLASSES, rate, reported)
        run.save_figure(figure, f"{rate}_by_class")
    points = {name: {} for name in models}
    for row in results:
        if row["split"] in ("test", INTERVALS):
            points[row["model"]][row["metric"]] = row["reproduced"]
    shares = [(labels["test"] == label).mean() for label in range(len(CLASSES))]
    others = {
        "plain, as reported": (FIGURES["test"][0], FIGURES["test"][2]),
        "always the largest class": (max(shares), 1 / sum(share > 0 for share in shares)),
    }
    run.save_figure(class_plots.against_accuracy(points, others), "accuracy_misleads")


def export(variant, run) -> None:
    """Export uint8 images in, class probabilities out."""
    import tensorflow as tf

    model = variant.network

    def serving_default(images):
        """Colour images in, 0 to 255; the probability of each kind of lesion out."""
        return {"probabilities": model(images, training=False)}  # or images are changed

    specs = [tf.TensorSpec(model.input_shape, tf.uint8, name="images")]
    examples = {"images": variant.split.test.inputs}
    run.save_model(model, variant.model, serving_default, specs, examples, classes=CLASSES)


if __name__ == "__main__":
    sys.exit(main(sys.modules[__name__]))
