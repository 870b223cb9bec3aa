"""CIFAR-10: VGG19 against DeiT, each with its last block fine-tuned (reports C and E).

    python experiments/cifar10.py                      VGG19, DeiT-base and DeiT-small in turn
    python experiments/cifar10.py --model vgg19        one of them
    python experiments/cifar10.py --preset quick       the same code, small and untrained
    python tuning/search.py cifar10 --set model=vgg19

The recipes are the reports': images (Krizhevsky, 2009) resized bilinearly to 224 x 224 and scaled
by 1/255, VGG19 (arXiv:1409.1556) and DeiT (arXiv:2012.12877) with ImageNet weights, all frozen but
the last block and the heads (and DeiT-base's embeddings, as report C left them), Adam with 1e-4.
The last tenth of the training images validates; the reports say nothing of validation. What is
frozen is computed once for each image and kept on disk (``--no-prefix-cache`` computes it anew in
each epoch): the same figures, several times faster, but 18 to 36 GB on disk for the whole set at
224 x 224, half as much with ``--cache-dtype float16``. The quick preset takes a minute on 2
cores and says nothing: its networks are untrained.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from etils import epy

from keras_suite import cli
from keras_suite.config import PrefixCacheConfig, require
from keras_suite.data.split import Split
from keras_suite.errors import InputError
from keras_suite.experiment import Variant
from keras_suite.tasks.cifar10 import claims

with epy.lazy_imports():
    import keras

    from keras_suite.data import digits, prepared
    from keras_suite.metrics import classification
    from keras_suite.plots import classes, curves, images
    from keras_suite.serving import served
    from keras_suite.tasks.cifar10 import augmented, deit, vgg19
    from keras_suite.training import precision, rows

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
    ({"model": "vgg19", "split": "train"}, {"loss": 0.06}),
    ({"model": "vgg19", "split": "test"}, {"accuracy": 0.852, "loss": 0.62}),
    ({"model": "vgg19", "group": "cost"}, {"trainable": 15_864_586}),
    ({"model": "deit-base", "split": "train"}, {"loss": 0.053}),
    ({"model": "deit-base", "split": "test"}, {"accuracy": 0.967, "loss": 0.118}),
    ({"model": "deit-base", "group": "cost"}, {"trainable": 9_630_426}),
    ({"model": "deit-small", "split": "train"}, {"loss": 0.0531}),
]
CLAIMS = claims.CLAIMS
OBJECTIVE = "val_accuracy"


@dataclass(frozen=True)
class Config(PrefixCacheConfig, recipes=RECIPES):
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
    normalise: Literal["none", "imagenet"] = "none"
    """imagenet: centre and scale DeiT's channels as its weights expect; not in the reports."""
    augment: bool = False
    """Flip and shift training images at random; not in the recipes."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Type of the arithmetic; weights stay float32."""
    learning_rate: float = 1e-4
    """Learning rate of Adam."""
    batch_size: int | None = None
    """Images of a training step."""
    epochs: int | None = None
    """Passes over the training images."""
    train_images: int = 0
    """Use only so many training images, the first ones; 0 uses all."""
    test_images: int = 0
    """Use only so many test images, the first ones; 0 uses all."""

    def __post_init__(self):
        super().__post_init__()
        named = self.weights not in ("pretrained", "none")
        sentence = f"--weights {self.weights} is for one network: name it with --model"
        require(not (named and self.model == "all"), sentence)


SMALL = Config(image_size=32, epochs=2, batch_size=32, train_images=160, test_images=60)
PRESETS = {"paper": Config(), "quick": replace(SMALL, weights="none", train_embeddings=False)}


def search_space(hp, config: Config) -> Config:
    """Sample how fast one network learns (VGG19 where none is named)."""
    model = "vgg19" if config.model == "all" else config.model
    return config.filled(
        RECIPES[model],
        model=model,
        learning_rate=hp.Float("learning_rate", 1e-5, 1e-3, sampling="log"),
        batch_size=hp.Choice("batch_size", [32, 64, 128]),
        augment=hp.Boolean("augment"),
    )


def needs(config: Config) -> list:
    """Say what is fetched from elsewhere."""
    images = prepared.needs("cifar10")
    if config.weights != "pretrained":
        return images
    name = PRETRAINED[config.model]
    return images + (vgg19.needs() if config.model == "vgg19" else deit.needs(name))


def load(config: Config):
    """Load the images; without a network, scikit-learn's digits in colour stand in."""
    found = prepared.load_images("cifar10", config.data, config.data_dir, digits.coloured_digits)
    if found.train[0].shape[3:] != (3,):
        raise InputError(f"The images are not in colour: {list(found.train[0].shape)}.")
    few = found.first(config.train_images, config.test_images)
    return few if few.provenance.is_sample else replace(few, class_names=CLASSES)


def variants(config: Config) -> list[Variant]:
    """Each network with its report's recipe."""
    models = list(RECIPES) if config.model == "all" else [config.model]
    return [Variant(model, config.filled(RECIPES[model], model=model)) for model in models]


def split(config: Config, data):
    """Hold out the last tenth of the training images for validation."""
    (X, y), kept = data.train, int(len(data.train[1]) * 0.9)
    parts = (X[:kept], y[:kept]), (X[kept:], y[kept:]), data.test
    return Split(*(rows.ArrayRows(X, y, rows.LARGE_ROWS_BATCH) for X, y in parts))


def build(config: Config, parts):
    """Build and compile one network with the weights that are asked for."""
    keras.utils.set_random_seed(config.seed)
    named = {"pretrained": PRETRAINED[config.model], "none": None}
    weights = named.get(config.weights, Path(config.weights))
    given = config.image_size, parts.num_classes, weights
    with precision.computing_in(config.precision):
        if config.model == "vgg19":
            network = vgg19.vgg19(*given)
        elif config.model == "deit-small":
            network = deit.deit_with_new_heads(*given, normalise=config.normalise)
        else:
            network = deit.deit_with_imagenet_head(
                *given, train_embeddings=config.train_embeddings, normalise=config.normalise
            )
        if config.augment:
            network = augmented.augmented(network)
    adam = keras.optimizers.Adam(config.learning_rate)
    network.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def evaluate(trained) -> list:
    """Measure the test images; of the others, the last epoch's figures stand."""
    return [
        ({"split": "train"}, trained.last("accuracy", "loss")),
        ({"split": "validation"}, trained.last("accuracy", "loss", prefix="val_")),
        ({"split": "test"}, classification.multiclass_report(*trained.predict("test"))),
    ]


def figures(outcome) -> dict:
    """Draw the data, the curves, the confusion and the most confident mistakes."""
    names, (pictures, _) = outcome.data.class_names, outcome.data.test
    size, (X, y) = outcome.config.image_size, outcome.data.train
    drawn = {
        "classes": classes.class_histogram(outcome.labels, names),
        "samples": images.before_and_after_resizing(X, y, names, size),
        "learning_curves": curves.learning_curves(outcome.histories, ["loss", "accuracy"]),
        "confusion": classes.confusion_matrices(outcome.predictions("test"), names),
    }
    for each in outcome.trained:
        y, p = each.predict("test")
        mistakes = images.most_confident_mistakes(pictures, y, p, names)
        drawn[f"most_confident_mistakes_{each.name}"] = mistakes
    return drawn


def serve(trained):
    """Export uint8 images of any size in, class probabilities out."""
    about = "Colour images of any size in, 0 to 255; the probability of each class out."
    images, names = trained.rows.test.inputs, trained.data.class_names
    return served.serve_images(trained.network, about, images, classes=names)


if __name__ == "__main__":
    sys.exit(cli.run_file(sys.modules[__name__]))
