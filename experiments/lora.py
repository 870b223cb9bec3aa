"""LoRA on RoBERTa: Quora question pairs and MultiNLI (reports A and B).

    python experiments/lora.py                        QQP: LoRA, head only, full fine-tuning
    python experiments/lora.py --task mnli            the same for MultiNLI
    python experiments/lora.py --encoder minilm       a small pretrained encoder, for 2 cores
    python experiments/lora.py --preset quick         the same code on a tiny untrained encoder
    python tuning/search.py lora --set encoder=minilm

The recipes are the reports': RoBERTa-large (arXiv:1907.11692), LoRA (arXiv:2106.09685) on query and
value of all layers (r = 8 for QQP, 16 for MultiNLI) and the classification head, 750 steps for QQP,
360 for MultiNLI. Batch size and learning rates, which the reports do not name, are ours.
RoBERTa-large wants a GPU; `--encoder minilm` takes about 6 minutes on 2 cores.

Training and validation pairs are drawn from the training split of GLUE (arXiv:1804.07461; MultiNLI
arXiv:1704.05426), the test pairs are the first of its validation split. The reports' figures are of
validation pairs that nothing was chosen on, so they stand beside our test figures.
"""

import sys
from dataclasses import dataclass, replace
from typing import Any, Literal

from etils import epy

from keras_suite import cli
from keras_suite.config import ExperimentConfig
from keras_suite.experiment import Variant, reported
from keras_suite.tasks.lora import claims

with epy.lazy_imports():
    import keras

    from keras_suite.adapters import apply
    from keras_suite.data import prepared
    from keras_suite.metrics import classification
    from keras_suite.models import encoders
    from keras_suite.plots import classes, curves
    from keras_suite.serving import served
    from keras_suite.tasks.lora import inference_costs, pair_rows, text_classifier, text_pairs
    from keras_suite.training import precision

RECIPES = {
    "qqp": {"r": 8, "lora_dropout": 0.05, "train_pairs": 800, "validation_pairs": 400}
    | {"steps_per_evaluation": 50, "evaluations": 15},
    "mnli": {"r": 16, "lora_dropout": 0.1, "train_pairs": 5760, "validation_pairs": 100}
    | {"steps_per_evaluation": 20, "evaluations": 18},
}
TASKS, LABELS = {"qqp": "QQP", "mnli": "MultiNLI"}, {"qqp": 2, "mnli": 3}
MODES = {"lora": "LoRA", "head": "head only", "full": "full fine-tuning"}
MEASURED = ("loss", "accuracy", "precision", "recall", "f1")
FULL = 355_361_794  # parameters with two classes
REPORTED = [
    *reported(
        ",".join(MEASURED),
        ({"model": "LoRA, QQP", "split": "test"}, 1.1396, 0.825, 0.7697, 0.7697, 0.7697),
        ({"model": "full fine-tuning, QQP", "split": "test"}, 1.3162, 0.83, 0.7778, 0.8333, 0.8046),
        ({"model": "full fine-tuning, MultiNLI", "split": "test"}, None, 0.78, None, None, None),
    ),
    *reported(
        "parameters,parameters_as_peft,trainable,seconds",
        ({"model": "LoRA, QQP", "group": "cost"}, None, 357_199_876, 1_838_082, 954),
        ({"model": "full fine-tuning, QQP", "group": "cost"}, FULL, None, FULL, 1243),
        ({"model": "LoRA, MultiNLI", "group": "cost"}, None, None, 2_625_539, None),
        ({"model": "full fine-tuning, MultiNLI", "group": "cost"}, FULL + 1025, None, None, None),
    ),
]
CLAIMS = claims.CLAIMS
OBJECTIVE = "val_accuracy"


@dataclass(frozen=True)
class Config(ExperimentConfig, recipes=RECIPES):
    """The recipe; a field that is None takes its value from the task's report."""

    task: Literal["qqp", "mnli"] = "qqp"
    """qqp: are two questions duplicates? mnli: does the premise entail the hypothesis?"""
    mode: Literal["all", "head", "lora", "full"] = "all"
    """What trains: the classification head; low-rank updates and it; all; or each in turn."""
    encoder: str = "FacebookAI/roberta-large"
    """A name on the Hugging Face hub, a folder, minilm (real and small), or tiny (untrained)."""
    r: int | None = None
    """Rank of the updates."""
    lora_alpha: float = 16.0
    """The updates are scaled by lora_alpha / r."""
    lora_dropout: float | None = None
    """Dropout on the input of the updates."""
    target_modules: tuple[str, ...] = ("query", "value")
    """Dense layers that get an update, by the ends of their names."""
    learning_rate: float = 1e-3
    """Learning rate of Adam, for the head and the updates."""
    full_learning_rate: float = 5e-5
    """Learning rate of Adam, for full fine-tuning."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Type of the arithmetic; weights stay float32."""
    batch_size: int = 16
    """Pairs of a training step."""
    max_length: int = 128
    """Tokens of a pair at most; longer ones are cut."""
    train_pairs: int | None = None
    """Pairs to train on, at most."""
    validation_pairs: int | None = None
    """Pairs to evaluate on."""
    test_pairs: int = 2000
    """Pairs for the final figures, at most."""
    steps_per_evaluation: int | None = None
    """Training steps from one evaluation to the next."""
    evaluations: int | None = None
    """Number of evaluations; training ends with the last."""


TINY = Config(encoder="tiny", max_length=64, test_pairs=200, steps_per_evaluation=20, evaluations=2)
PRESETS = {"paper": Config(), "quick": replace(TINY, train_pairs=400, validation_pairs=100)}


def search_space(hp, config: Config) -> Config:
    """Sample the adapter: where it goes, how wide it is, how fast it learns."""
    targets = hp.Choice("target_modules", ["query value", "query key value"])
    return config.filled(
        RECIPES[config.task],
        mode="lora",
        r=hp.Choice("r", [2, 4, 8, 16]),
        lora_alpha=hp.Choice("lora_alpha", [8.0, 16.0, 32.0]),
        lora_dropout=hp.Float("lora_dropout", 0.0, 0.2, step=0.05),
        target_modules=tuple(targets.split()),
        learning_rate=hp.Float("learning_rate", 1e-4, 3e-3, sampling="log"),
    )


def needs(config: Config) -> list:
    """Say what is fetched from elsewhere."""
    return prepared.needs(f"glue/{config.task}") + encoders.needs(config.encoder)


def load(config: Config):
    """Load the pairs; without a network, pairs made from templates stand in."""
    return text_pairs.load_pairs(config.task, config.data, config.data_dir)


def variants(config: Config) -> list[Variant]:
    """Each mode; LoRA is exported where there are several, and comes first: it may be refused."""
    task, recipe, exported = TASKS[config.task], RECIPES[config.task], (config.mode, "lora")
    return [
        Variant(f"{MODES[m]}, {task}", config.filled(recipe, mode=m), is_candidate=m in exported)
        for m in (MODES if config.mode == "all" else [config.mode])
    ]


def split(config: Config, pairs):
    """Draw validation and training pairs from the training split, tokenise them and the test's."""
    sizes: Any = config.train_pairs, config.validation_pairs, config.test_pairs, config.max_length
    return pair_rows.pair_rows(pairs, *sizes, encoder=config.encoder, seed=config.seed)


def build(config: Config, rows):
    """Build and compile the classifier of one mode."""
    keras.utils.set_random_seed(config.seed)
    has_types = rows.train.encoded.token_type_ids is not None
    with precision.computing_in(config.precision):
        encoder = encoders.encoder_for(config.encoder, config.max_length, config.seed)
        model = text_classifier.text_classifier(encoder, LABELS[config.task], has_types)
        if config.mode == "head":
            apply.train_only(model, text_classifier.head_names(model))
        if config.mode == "lora":
            model = apply.apply_lora(model, text_classifier.adapter_of(model, config))
    rate = config.full_learning_rate if config.mode == "full" else config.learning_rate
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model


def measures(trained) -> dict:
    """Measure the validation pairs at each evaluation."""
    return classification.measures_of(classification.logits_report, *MEASURED)


def evaluate(trained) -> list:
    """Measure the test pairs; of the validation pairs, the last evaluation's figures stand."""
    test = classification.logits_report(*trained.predict("test"))
    last, first = trained.last(*MEASURED, prefix="val_"), {"f1": trained.history[0]["val_f1"]}
    measured = [({"split": "validation"}, last), (claims.FIRST, first), ({"split": "test"}, test)]
    if trained.config.mode == "lora":
        base = build(replace(trained.config, mode="head"), trained.rows)
        costs = inference_costs.inference_costs(trained.network, base, trained.rows.test)
        measured.append(({"group": "cost"}, costs))
    return measured


def figures(outcome) -> dict:
    """Draw the evaluations and the confusion, the modes side by side."""
    names = [name.replace("_", "\n") for name in outcome.data.class_names]
    return {
        "learning_curves": curves.learning_curves(outcome.histories, ["loss", "accuracy"]),
        "evaluations": curves.validation_curves(outcome.histories, list(MEASURED)),
        "confusion": classes.confusion_matrices(outcome.predictions("test"), names),
    }


def serve(trained):
    """Export token ids in, class probabilities out; keep LoRA's adapter for itself."""
    config, network, rows = trained.config, trained.network, trained.rows
    about = "Token ids in, the probability of each class out."
    given = network, about, text_classifier.probabilities, rows.test, rows.tokenizer
    adapter = text_classifier.adapter_of(network, config) if config.mode == "lora" else None
    text = {"reads": "pair", "max_length": config.max_length}
    card = {"classes": trained.data.class_names, "text": text}
    return replace(served.serve_texts(*given, **card), adapter=adapter, base=config.encoder)


if __name__ == "__main__":
    sys.exit(cli.run_file(sys.modules[__name__]))
