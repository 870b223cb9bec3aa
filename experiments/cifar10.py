"""CIFAR-10: VGG19 against DeiT, each with its last block fine-tuned (reports C and E).

    python experiments/cifar10.py                      VGG19, DeiT-base and DeiT-small in turn
    python experiments/cifar10.py --model vgg19        one of them
    python experiments/cifar10.py --preset quick       the same code, small and untrained
    python tuning/search.py cifar10 --set model=vgg19

The recipes are the reports': images resized bilinearly to 224 x 224 and scaled by 1/255, ImageNet
weights, all frozen but the last block and the heads (and DeiT-base's embeddings, as report C left
them), Adam with 1e-4. The last tenth of the training images validates; the reports say nothing of
validation. What is frozen is computed once for each image and kept on disk (``--no-prefix-cache``
computes it anew in each epoch): the same figures, several times faster, but 15 to 30 GB on disk
for the whole set at 224 x 224, half as much with ``--cache-dtype float16``. The quick preset takes
half a minute on 2 cores and says nothing: its networks are untrained.
"""

import dataclasses
import sys
from dataclasses import dataclass
from functools import partial
from typing import Literal

from keras_suite.cli import main
from keras_suite.config import ExperimentConfig, require
from keras_suite.experiment import Objective

CLASSES = ["airplane", "automobile", "bird", "cat", "deer"]
CLASSES += ["dog", "frog", "horse", "ship", "truck"]
RECIPES = {
    "vgg19": {"epochs": 10, "batch_size": 64},
    "deit-base": {"epochs": 4, "batch_size": 64},
    "deit-small": {"epochs": 10, "batch_size": 512},
}
PRETRAINED = {
    "vgg19": "imagenet",
    "deit-base": "facebook/deit-base-distilled-patch16-224",
    "deit-small": "facebook/deit-small-distilled-patch16-224",
}
REPORTED = [
    ({"model": "vgg19", "protocol": "paper", "split": "train"}, {"loss": 0.06}),
    ({"model": "vgg19", "protocol": "paper", "split": "test"}, {"accuracy": 0.852, "loss": 0.62}),
    ({"model": "vgg19", "protocol": "paper", "split": "cost"}, {"trainable": 15_864_586}),
    ({"model": "deit-base", "protocol": "paper", "split": "train"}, {"loss": 0.053}),
    (
        {"model": "deit-base", "protocol": "paper", "split": "test"},
        {"accuracy": 0.967, "loss": 0.118},
    ),
    ({"model": "deit-base", "protocol": "paper", "split": "cost"}, {"trainable": 9_630_426}),
    ({"model": "deit-small", "protocol": "paper", "split": "train"}, {"loss": 0.0531}),
]
OBJECTIVE = Objective("val_accuracy", "max")


@dataclass(frozen=True)
class Config(ExperimentConfig):
    """The recipe; a field that is None takes its value from the model's report."""

    model: Literal["all", "vgg19", "deit-base", "deit-small"] = "all"
    """The network, or all three, one after the other."""
    weights: str = "pretrained"
    """pretrained: on ImageNet, downloaded once. none: random. Else a file (VGG19) or folder
    (DeiT) with such weights."""
    image_size: int = 224
    """Pixels a side that images are resized to."""
    train_embeddings: bool = True
    """Train DeiT-base's embeddings, as the report did; without, they can be cached."""
    augment: bool = False
    """Flip and shift training images at random; not in the recipes."""
    prefix_cache: bool = True
    """Compute what is frozen once for each image, where that changes nothing."""
    cache_dtype: Literal["float32", "float16"] = "float32"
    """Of the cache on disk; float16 takes half the space and rounds."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the arithmetic; weights stay float32. bfloat16 is faster where the processor has it."""
    learning_rate: float = 1e-4
    """Of Adam."""
    batch_size: int | None = None
    """Images a training step."""
    epochs: int | None = None
    """Passes over the training images."""
    train_images: int = 0
    """Use only so many training images, the first ones; 0 uses all."""
    test_images: int = 0
    """Likewise of the test images."""

    def __post_init__(self):
        super().__post_init__()
        sizes = [name for name in ("batch_size", "epochs") if getattr(self, name) is not None]
        self.require_at_least(1, "image_size", *sizes)
        self.require_at_least(0, "train_images", "test_images")
        self.require_above_0("learning_rate")
        named = self.weights not in ("pretrained", "none")
        require(
            not (named and self.model == "all"),
            f"--weights {self.weights} is for one network: name it with --model",
        )

    def of_model(self, model: str) -> "Config":
        """Return the Config of one network, with what its report decides filled in."""
        recipe = {k: v for k, v in RECIPES[model].items() if getattr(self, k) is None}
        return dataclasses.replace(self, model=model, **recipe)


SMALL = {"image_size": 32, "epochs": 2, "batch_size": 32, "train_images": 320, "test_images": 100}
PRESETS = {"paper": Config(), "quick": Config(weights="none", train_embeddings=False, **SMALL)}


def search_space(hp, config: Config) -> Config:
    """Sample how fast one network learns (VGG19 where none is named)."""
    model = "vgg19" if config.model == "all" else config.model
    return dataclasses.replace(
        config.of_model(model),
        learning_rate=hp.Float("learning_rate", 1e-5, 1e-3, sampling="log"),
        batch_size=hp.Choice("batch_size", [32, 64, 128]),
        augment=hp.Boolean("augment"),
    )


def load(config: Config):
    """Load the images; without a network, scikit-learn's digits in colour stand in."""
    from keras_suite.data.digits import coloured_digits
    from keras_suite.data.prepared import load_images
    from keras_suite.errors import InputError

    images = load_images("cifar10", config.data, config.data_dir, coloured_digits)
    if images.train[0].shape[3:] != (3,):
        raise InputError(f"The images are not in colour: {list(images.train[0].shape)}.")
    kept = {"train": config.train_images or None, "test": config.test_images or None}
    parts = {part: tuple(each[:n] for each in getattr(images, part)) for part, n in kept.items()}
    classes = images.class_names if images.provenance.is_sample else CLASSES
    return dataclasses.replace(images, class_names=classes, **parts)


def split(config: Config, images):
    """Hold out the last tenth of the training images for validation."""
    from keras_suite.data.split import Split
    from keras_suite.training.rows import LARGE_ROWS_BATCH, ArrayRows

    (X, y), kept = images.train, int(len(images.train[1]) * 0.9)
    parts = (X[:kept], y[:kept]), (X[kept:], y[kept:]), images.test
    return Split(*(ArrayRows(*part, LARGE_ROWS_BATCH) for part in parts))


def build(config: Config, rows):
    """Build and compile one network."""
    import keras

    from keras_suite.training.precision import computing_in

    keras.utils.set_random_seed(config.seed)
    with computing_in(config.precision):
        network = network_of(config, classes=int(rows.train.labels.max()) + 1)
        if config.augment:
            network = augmented(network)
    adam = keras.optimizers.Adam(config.learning_rate)
    network.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def network_of(config: Config, classes: int):
    """Build the network with the weights that are asked for."""
    from pathlib import Path

    from keras_suite.tasks.cifar10.deit import deit_with_imagenet_head, deit_with_new_heads
    from keras_suite.tasks.cifar10.vgg19 import vgg19

    named = {"pretrained": PRETRAINED[config.model], "none": None}
    weights = named.get(config.weights, Path(config.weights))
    if config.model == "vgg19":
        return vgg19(config.image_size, classes, weights)
    if config.model == "deit-small":
        return deit_with_new_heads(config.image_size, classes, weights)
    embeddings = config.train_embeddings
    return deit_with_imagenet_head(config.image_size, classes, weights, train_embeddings=embeddings)


def augmented(network):
    """Put random flips and shifts before a network; they do nothing outside training."""
    import keras

    images = keras.Input((None, None, 3), dtype="uint8", name="images")
    changed = keras.layers.RandomFlip("horizontal", name="flip")(images)
    changed = keras.layers.RandomTranslation(0.125, 0.125, name="shift")(changed)
    return keras.Model(images, network(changed))


def run(config: Config, run) -> None:
    """Train each network in its turn, measure, draw, export the best on validation images."""
    from keras_suite.runs.results import compare
    from keras_suite.training.memory import forget_graphs

    models = list(RECIPES) if config.model == "all" else [config.model]
    plan = [config.of_model(model) for model in models]
    with run.stage("prepare"):
        images = load(config)
        rows = split(config, images)
        network = build(plan[0], rows)
    run.use(images.provenance, images.notice)
    measured, histories, tests, best = [], {}, {}, -1.0
    for each in plan:
        network = network or build(each, rows)
        history, filled = train(each, rows, network, run, share=0.9 / len(plan))
        histories[each.model] = history
        with run.stage("measure", 0.1 / len(plan)):
            what, tests[each.model] = measure(each, rows, network, history, filled)
            measured += what
        if history[-1]["val_accuracy"] > best:
            best = history[-1]["val_accuracy"]
            export(each, rows, network, images.class_names, run)
        network = None
        forget_graphs()
    draw(config, rows, histories, tests, images, run)
    run.finish(compare(measured, REPORTED))


def train(config: Config, rows, network, run, share: float) -> tuple[list[dict], float]:
    """Train a network, or its tail on what the frozen layers before it make of the images.

    Returns:
        The history, and the seconds it took to compute that; 0 where nothing was.
    """
    from keras_suite.training.cached import cached
    from keras_suite.training.fit import Fit
    from keras_suite.training.prefix_cache import PrefixCache

    trained, parts, stage = network, [rows.train, rows.validation], f"cache {config.model}"
    if config.prefix_cache:
        share /= 2
        with run.stage(stage, share) as advance:
            cache = PrefixCache(dtype=config.cache_dtype)
            trained, parts = cached(network, parts, cache, partial(say, config, run), advance)
    fit = Fit(
        name=config.model,
        model=trained,
        train=parts[0],
        validation=parts[1],
        epochs=config.epochs,
        batch_size=config.batch_size,
        seed=config.seed,
    )
    history = run.fit([fit], share, at_once=1)[fit.name]
    return history, 0.0 if trained is network else run.metrics["seconds"][stage]


def say(config: Config, run, sentence: str) -> None:
    """Print a sentence about one of the networks."""
    run.console.print(f"{config.model}: {sentence}", soft_wrap=True, highlight=False)


def measure(config: Config, rows, network, history: list, filled: float) -> tuple[list, tuple]:
    """Measure a trained network; return the results, and the labels and outputs of the test."""
    from keras_suite.adapters.counts import parameter_counts
    from keras_suite.metrics.classification import multiclass_report

    name = {"model": config.model, "protocol": "paper"}
    outputs = rows.test.predict(network)
    counts = parameter_counts(network)
    costs = {each: counts[each] for each in ("parameters", "trainable")}
    costs["seconds_per_epoch"] = sum(entry["seconds"] for entry in history) / len(history)
    if filled:
        costs["seconds_to_fill_cache"] = filled  # the work each epoch would have besides
        costs["seconds_per_epoch_without"] = filled + costs["seconds_per_epoch"]
    last = {metric: history[-1][metric] for metric in ("accuracy", "loss")}
    validation = {metric: history[-1][f"val_{metric}"] for metric in ("accuracy", "loss")}
    return [
        (name | {"split": "train"}, last),
        (name | {"split": "validation"}, validation),
        (name | {"split": "test"}, multiclass_report(rows.test.labels, outputs)),
        (name | {"split": "cost"}, costs),
    ], (rows.test.labels, outputs)


def draw(config: Config, rows, histories: dict, tests: dict, images, run) -> None:
    """Draw the data, the curves, the confusion and the most confident mistakes."""
    from sklearn.metrics import confusion_matrix

    from keras_suite.plots import common as plots

    labels = {part: each.labels for part, each in rows.parts().items()}
    run.save_figure(plots.class_histogram(labels, images.class_names), "classes")
    run.save_figure(plots.gallery(*samples(config, rows, images)), "samples")
    run.save_figure(plots.learning_curves(histories, ["loss", "accuracy"]), "learning_curves")
    matrices = {
        name: {"test": confusion_matrix(y, p.argmax(axis=1))} for name, (y, p) in tests.items()
    }
    run.save_figure(plots.confusion_matrices(matrices, images.class_names), "confusion")
    for name, (y, p) in tests.items():
        wrong = [i for i in (-p.max(axis=1)).argsort() if p[i].argmax() != y[i]][:24]
        titles = [
            f"{images.class_names[y[i]]},\npredicted {images.class_names[p[i].argmax()]}"
            for i in wrong
        ]
        mistakes = [rows.test.inputs[i] for i in wrong]
        run.save_figure(plots.gallery(mistakes, titles), f"most_confident_mistakes_{name}")


def samples(config: Config, rows, images) -> tuple[list, list[str]]:
    """Return one image of each class as it is and as the networks see it, with titles."""
    import tensorflow as tf

    pictures, titles = [], []
    for label, name in list(enumerate(images.class_names))[:6]:
        image = rows.train.inputs[(rows.train.labels == label).argmax()]
        seen = tf.image.resize(image / 255, [config.image_size] * 2).numpy()
        pictures += [image, seen]
        titles += [f"{name},\n{len(image)} x {len(image)}", f"{name},\n{len(seen)} x {len(seen)}"]
    return pictures, titles


def export(config: Config, rows, network, classes: list[str], run) -> None:
    """Export uint8 images of any size in, class probabilities out."""
    import tensorflow as tf

    from keras_suite.training.precision import in_float32

    if config.precision != "float32":
        network = in_float32(network, build(dataclasses.replace(config, precision="float32"), rows))

    def serving_default(images):
        """Colour images of any size in, 0 to 255; the probability of each class out."""
        return {"probabilities": network(images, training=False)}  # or images are changed

    specs = [tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")]
    examples = {"images": rows.test.inputs}
    run.save_model(network, config.model, serving_default, specs, examples, classes=classes)


if __name__ == "__main__":
    sys.exit(main(sys.modules[__name__]))
