"""Fashion-MNIST: a multilayer perceptron before and after tuning (report D).

    python experiments/fashion_mnist.py                  50 epochs of both networks
    python experiments/fashion_mnist.py --preset quick   3 epochs
    python tuning/search.py fashion_mnist                the report's search, 30 trials

The baseline has 512 hidden neurons; 352 is what the report's Hyperband search chose. Both train on
48,000 images in batches of 128 (375 steps an epoch), 12,000 validate, 10,000 test. On 2 cores the
recipe takes about a minute and a half, the quick preset 20 seconds. Expect an accuracy of 0.97 on
the training images and 0.89 on the others for both networks.
"""

import dataclasses
import sys
from dataclasses import dataclass

from keras_suite.cli import main
from keras_suite.config import ExperimentConfig
from keras_suite.experiment import Objective

REPORTED = [
    ({"model": "352, tuned", "protocol": "paper", "split": "train"}, {"accuracy": 0.9754}),
    ({"model": "352, tuned", "protocol": "paper", "split": "validation"}, {"accuracy": 0.8895}),
]
OBJECTIVE = Objective("val_accuracy", "max")


@dataclass(frozen=True)
class Config(ExperimentConfig):
    """The report's retraining of the best network found."""

    neurons: int = 352
    """Hidden neurons of the tuned network."""
    baseline_neurons: int = 512
    """Hidden neurons of the baseline."""
    learning_rate: float = 1e-3
    """Of Adam, for both."""
    batch_size: int = 128
    """Images a training step."""
    epochs: int = 50
    """Passes over the training images."""
    repeats: int = 1
    """Repeat everything with this many seeds; figures become means with standard deviations."""

    def __post_init__(self):
        super().__post_init__()
        self.require_at_least(1, "neurons", "baseline_neurons", "batch_size", "epochs", "repeats")
        self.require_above_0("learning_rate")


PRESETS = {"paper": Config(), "quick": Config(epochs=3)}


def search_space(hp, config: Config) -> Config:
    """Sample the report's space; its "small set" of learning rates is not named, this is ours."""
    return dataclasses.replace(
        config,
        neurons=hp.Int("neurons", 16, 512, step=16),
        learning_rate=hp.Choice("learning_rate", [1e-2, 1e-3, 1e-4]),
    )


def load(config: Config):
    """Load the images; without a network, scikit-learn's digits stand in."""
    from keras_suite.data.prepared import load_images

    return load_images("fashion_mnist", config.data, config.data_dir)


def split(config: Config, images):
    """Hold out the last fifth of the training images for validation, as Keras does."""
    from keras_suite.data.split import Split

    X, y = images.train
    kept = int(len(X) * 0.8)
    return Split((X[:kept], y[:kept]), (X[kept:], y[kept:]), images.test)


def build(config: Config, split):
    """Build and compile the network with ``config.neurons``."""
    import keras

    from keras_suite.tasks.fashion_mnist.mlp import mlp

    keras.utils.set_random_seed(config.seed)
    images, labels = split.train
    model = mlp(images.shape[1:], config.neurons, classes=int(labels.max()) + 1)
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=25,
    )
    return model


def list_variants(config: Config, images) -> list:
    """Prepare the fits: the baseline and the tuned network for each seed."""
    from keras_suite.training.variant import Variant

    rows = split(config, images)
    variants = []
    for seed in range(config.seed, config.seed + config.repeats):
        for name, neurons in ("baseline", config.baseline_neurons), ("tuned", config.neurons):
            changed = dataclasses.replace(config, seed=seed, neurons=neurons)
            network = build(changed, rows)
            variants.append(Variant(f"{neurons}, {name}", "paper", changed, rows, network))
    return variants


def run(config: Config, run) -> None:
    """Train both networks, measure them on all three parts, draw, export the tuned one."""
    from keras_suite.training import parallel

    parallel.one_core_per_operation()
    with run.stage("prepare"):
        images = load(config)
        variants = list_variants(config, images)
    run.use(images.provenance, images.notice)
    histories = run.fit([each.fit for each in variants], share=0.9)
    first_seed = [each for each in variants if each.config.seed == config.seed]
    with run.stage("measure", 0.04):
        results = measure(variants)
    with run.stage("draw", 0.04):
        draw(first_seed, histories, images, run)
    with run.stage("export", 0.02):
        export(first_seed[-1], images.class_names, run)
    run.finish(results)


def measure(variants: list) -> list[dict]:
    """Compare every network and part with the report."""
    from keras_suite.metrics.classification import multiclass_report
    from keras_suite.runs.results import compare

    return compare(
        [
            (
                {"model": each.model, "protocol": each.protocol, "split": part},
                multiclass_report(y, p),
            )
            for each in variants
            for part, (y, p) in each.predictions.items()
        ],
        REPORTED,
    )


def draw(variants: list, histories: dict, images, run) -> None:
    """Draw the figures of one seed."""
    from sklearn.metrics import confusion_matrix

    from keras_suite.plots import common as plots

    curves = {each.model: histories[each.fit.name] for each in variants}
    tests = {each.model: each.predictions["test"] for each in variants}
    matrices = {
        name: {"test": confusion_matrix(y, p.argmax(axis=1))} for name, (y, p) in tests.items()
    }
    y, p = tests[variants[-1].model]
    guess, sure = p.argmax(axis=1), p.max(axis=1)
    wrong = [i for i in (-sure).argsort() if guess[i] != y[i]][:24]
    titles = [
        f"{images.class_names[y[i]]},\npredicted {images.class_names[guess[i]]}" for i in wrong
    ]
    run.save_figure(plots.learning_curves(curves, ["loss", "accuracy"]), "learning_curves")
    run.save_figure(plots.confusion_matrices(matrices, images.class_names), "confusion")
    run.save_figure(plots.gallery(images.test[0][wrong], titles), "most_confident_mistakes")


def export(variant, classes: list[str], run) -> None:
    """Export the tuned network: uint8 images in, class probabilities out."""
    import tensorflow as tf

    model = variant.network

    def serving_default(images):
        """Greyscale images in, 0 to 255; the probability of each class out."""
        return {"probabilities": model(tf.cast(images, tf.float32))}

    specs = [tf.TensorSpec(model.input_shape, tf.uint8, name="images")]
    examples = {"images": variant.split.test[0]}
    run.save_model(model, variant.model, serving_default, specs, examples, classes=classes)


if __name__ == "__main__":
    sys.exit(main(sys.modules[__name__]))
