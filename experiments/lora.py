"""LoRA on RoBERTa: Quora question pairs and MultiNLI (reports A and B).

    python experiments/lora.py                        QQP: LoRA, head only, full fine-tuning
    python experiments/lora.py --task mnli            the same for MultiNLI
    python experiments/lora.py --encoder minilm       a small pretrained encoder, for 2 cores
    python experiments/lora.py --preset quick         the same code on a tiny untrained encoder
    python tuning/search.py lora --set encoder=minilm

The recipes are the reports': roberta-large, LoRA on query and value of all layers (r = 8 for QQP,
16 for MultiNLI) and the classification head, 750 steps for QQP, 360 for MultiNLI. The reports
name neither batch size nor learning rates; those here are ours. roberta-large wants a GPU;
`--encoder minilm` takes about 6 minutes on 2 cores, the quick preset half a minute.

Training and validation pairs are drawn from GLUE's training split; the test pairs are the first of
its validation split, for the labels of its test split are hidden. The reports' figures are of
validation pairs that nothing was chosen on, so they stand beside our test figures.
"""

import dataclasses
import sys
from dataclasses import dataclass
from typing import Literal

from keras_suite.cli import main
from keras_suite.config import ExperimentConfig, require
from keras_suite.experiment import Objective

RECIPES = {
    "qqp": {"rank": 8, "dropout": 0.05, "train_pairs": 800, "validation_pairs": 400}
    | {"steps_per_evaluation": 50, "evaluations": 15},
    "mnli": {"rank": 16, "dropout": 0.1, "train_pairs": 5760, "validation_pairs": 100}
    | {"steps_per_evaluation": 20, "evaluations": 18},
}
HEAD, LORA, FULL = "head only", "LoRA", "full fine-tuning"
NAMES = {"lora": LORA, "head": HEAD, "full": FULL}  # an adapter that cannot be comes out first
MEASURED = ("loss", "accuracy", "precision", "recall", "f1")
REPORTED = [
    (
        {"model": LORA, "protocol": "qqp", "split": "test"},
        {"loss": 1.1396, "accuracy": 0.825, "precision": 0.7697, "recall": 0.7697, "f1": 0.7697},
    ),
    (
        {"model": FULL, "protocol": "qqp", "split": "test"},
        {"loss": 1.3162, "accuracy": 0.83, "precision": 0.7778, "recall": 0.8333, "f1": 0.8046},
    ),
    ({"model": FULL, "protocol": "mnli", "split": "test"}, {"accuracy": 0.78}),
    (
        {"model": LORA, "protocol": "qqp", "split": "cost"},
        {"parameters_as_peft": 357_199_876, "trainable": 1_838_082, "seconds": 954},
    ),
    (
        {"model": FULL, "protocol": "qqp", "split": "cost"},
        {"parameters": 355_361_794, "trainable": 355_361_794, "seconds": 1243},
    ),
    ({"model": LORA, "protocol": "mnli", "split": "cost"}, {"trainable": 2_625_539}),
    ({"model": FULL, "protocol": "mnli", "split": "cost"}, {"parameters": 355_362_819}),
]


@dataclass(frozen=True)
class Config(ExperimentConfig):
    """The recipe; a field that is None takes its value from the task's report."""

    task: Literal["qqp", "mnli"] = "qqp"
    """qqp: are two questions duplicates? mnli: does the premise entail the hypothesis?"""
    mode: Literal["all", "head", "lora", "full"] = "all"
    """What trains: the classification head; low-rank updates and the head; everything; or all
    three, one after the other."""
    encoder: str = "FacebookAI/roberta-large"
    """A name on the Hugging Face hub, a folder, minilm (real and small), or tiny (untrained)."""
    rank: int | None = None
    """r of the updates."""
    alpha: float = 16.0
    """The updates are scaled by alpha / rank."""
    dropout: float | None = None
    """On the input of the updates."""
    targets: tuple[str, ...] = ("query", "value")
    """Dense layers that get an update, by the ends of their names."""
    learning_rate: float = 1e-3
    """Of Adam, for the head and the updates."""
    full_learning_rate: float = 5e-5
    """Of Adam, for full fine-tuning."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the arithmetic; weights stay float32. bfloat16 is faster where the processor has it."""
    batch_size: int = 16
    """Pairs a training step."""
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
    """How many; training ends with the last."""
    repeats: int = 1
    """Repeat everything with this many seeds; figures become means with standard deviations."""

    def __post_init__(self):
        super().__post_init__()
        if None in (getattr(self, name) for name in RECIPES[self.task]):
            self.resolved()  # is checked in its turn
            return
        sizes = "train_pairs", "validation_pairs", "test_pairs", "steps_per_evaluation"
        self.require_at_least(1, "rank", "batch_size", *sizes, "evaluations", "repeats")
        self.require_above_0("alpha", "learning_rate", "full_learning_rate")
        require(0 <= self.dropout < 1, f"--dropout must lie in [0, 1), not {self.dropout}")
        require(len(self.targets) > 0, "--targets must name at least one dense layer")

    def resolved(self) -> "Config":
        """Fill in what the task's report decides."""
        recipe = RECIPES[self.task]
        missing = {name: value for name, value in recipe.items() if getattr(self, name) is None}
        return dataclasses.replace(self, **missing)

    def lora(self, head: tuple[str, ...]):
        """Return the adapter's config; ``head`` trains whole."""
        from keras_suite.adapters.config import LoRAConfig

        return LoRAConfig(
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=self.targets,
            modules_to_save=head,
            seed=self.seed,
        )


QUICK = {"train_pairs": 400, "validation_pairs": 100, "test_pairs": 200, "max_length": 64}
PRESETS = {
    "paper": Config(),
    "quick": Config(encoder="tiny", steps_per_evaluation=25, evaluations=3, **QUICK),
}


def accuracy(labels, logits) -> float:
    """Share of validation pairs that are right."""
    return float((logits.argmax(axis=1) == labels).mean())


OBJECTIVE = Objective("val_accuracy", "max", accuracy)


def search_space(hp, config: Config) -> Config:
    """Sample the adapter: where it goes, how wide it is, how fast it learns."""
    return dataclasses.replace(
        config.resolved(),
        mode="lora",
        rank=hp.Choice("rank", [2, 4, 8, 16]),
        alpha=hp.Choice("alpha", [8.0, 16.0, 32.0]),
        dropout=hp.Float("dropout", 0.0, 0.2, step=0.05),
        targets=tuple(hp.Choice("targets", ["query value", "query key value"]).split()),
        learning_rate=hp.Float("learning_rate", 1e-4, 3e-3, sampling="log"),
    )


def load(config: Config):
    """Load the pairs; without a network, pairs made from templates stand in."""
    from keras_suite.tasks.lora.text_pairs import load_pairs

    return load_pairs(config.task, config.data, config.data_dir)


def tokenizer_of(config: Config, pairs):
    """Load the encoder's tokenizer; that of "tiny" is made from the training pairs."""
    from keras_suite.models.encoders import tokenizer_for

    return tokenizer_for(config.encoder, pairs.train[0] + pairs.train[1])


def split(config: Config, pairs):
    """Draw validation and training pairs from the training split, tokenise them and the test's."""
    import numpy as np

    from keras_suite.data.split import Split
    from keras_suite.errors import InputError
    from keras_suite.tasks.lora.text_pairs import tokenized

    config = config.resolved()
    tokenizer = tokenizer_of(config, pairs)
    held_out = config.validation_pairs
    order = np.random.default_rng(config.seed).permutation(len(pairs.train[2]))
    if len(order) <= held_out:
        raise InputError(
            f"--validation-pairs {held_out} leaves none of the {len(order)} pairs to train on."
        )
    train = order[held_out : held_out + config.train_pairs]
    test = np.arange(min(config.test_pairs, len(pairs.validation[2])))
    return Split(
        tokenized(pairs.train, train, tokenizer, config.max_length),
        tokenized(pairs.train, order[:held_out], tokenizer, config.max_length),
        tokenized(pairs.validation, test, tokenizer, config.max_length),
    )


def build(config: Config, rows):
    """Build and compile the classifier of ``config.mode``, or of LoRA where that is "all"."""
    import keras

    from keras_suite.adapters.apply import train_only
    from keras_suite.models.encoders import encoder_for
    from keras_suite.tasks.lora.text_classifier import head_names, text_classifier
    from keras_suite.training.precision import computing_in

    config = config.resolved()
    keras.utils.set_random_seed(config.seed)
    classes = 2 if config.task == "qqp" else 3
    has_types = rows.train.encoded.token_type_ids is not None
    with computing_in(config.precision):
        encoder = encoder_for(config.encoder, config.max_length, config.seed)
        model = text_classifier(encoder, classes, token_types=has_types)
        head, rate = head_names(model), config.learning_rate
        if config.mode == "full":
            rate = config.full_learning_rate
        elif config.mode == "head":
            train_only(model, head)
        else:
            model = with_lora(config, model, head)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model


def with_lora(config: Config, model, head: tuple[str, ...]):
    """Put low-rank updates on the classifier."""
    from keras_suite.adapters.apply import apply_lora
    from keras_suite.errors import InputError

    try:
        return apply_lora(model, config.lora(head))
    except ValueError as error:
        raise InputError(f"LoRA: {error}") from error


def run(config: Config, run) -> None:
    """Train each mode in its turn, measure it, draw, keep the adapter, export."""
    from keras_suite.runs.results import compare
    from keras_suite.training.memory import forget_graphs

    plan = list_variants(config.resolved())
    with run.stage("prepare"):
        pairs = load(config)
        rows = split(plan[0], pairs)
        model = build(plan[0], rows)
    run.use(pairs.provenance, pairs.notice)
    cut = sum(part.encoded.truncated for part in rows.parts().values())
    if cut:
        run.console.print(f"{cut:,} pairs have more than {config.max_length} tokens and are cut.")
    measured, outcomes = [], {}
    for each in plan:
        if each is not plan[0]:
            rows = split(each, pairs)
            model = build(each, rows)
        history = train(each, rows, model, run, share=0.9 / len(plan))
        with run.stage("measure", 0.1 / len(plan)):
            outcome, what = measure(each, rows, model, history, run)
            measured += what
        if each.seed == config.seed:
            outcomes[NAMES[each.mode]] = outcome
            if each.mode in (config.mode, "lora"):
                export(each, pairs, rows, model, run)
        del model
        forget_graphs()
    draw(outcomes, pairs.class_names, run)
    run.finish(compare(measured, REPORTED))


def list_variants(config: Config) -> list[Config]:
    """Return the Config of each training: every mode for each seed."""
    modes = list(NAMES) if config.mode == "all" else [config.mode]
    seeds = range(config.seed, config.seed + config.repeats)
    return [dataclasses.replace(config, seed=seed, mode=mode) for seed in seeds for mode in modes]


def train(config: Config, rows, model, run, share: float) -> list[dict]:
    """Train one model, evaluate it as it goes, and keep how much memory that took."""
    from keras_suite.metrics.classification import logits_report
    from keras_suite.training.fit import Fit
    from keras_suite.training.memory import watch_peak_memory

    fit = Fit(
        name=f"{config.mode}-seed{config.seed}",
        model=model,
        train=rows.train,
        validation=rows.validation,
        epochs=config.evaluations,
        batch_size=config.batch_size,
        seed=config.seed,
        measures={f"val_{m}": lambda y, p, m=m: logits_report(y, p)[m] for m in MEASURED},
        steps_per_evaluation=config.steps_per_evaluation,
    )
    peak = watch_peak_memory()
    history = run.fit([fit], share, at_once=1)[fit.name]
    if config.seed == run.metrics["seed"]:  # later ones begin with memory that is not given back
        # A run that is resumed does not train this model again.
        run.metrics.setdefault("peak_memory_mb", {}).setdefault(config.mode, peak() / 1e6)
        run.write()
    return history


def measure(config: Config, rows, model, history: list[dict], run) -> tuple[dict, list]:
    """Measure a trained model; return what the figures are drawn from and the results."""
    from sklearn.metrics import confusion_matrix

    from keras_suite.adapters.counts import parameter_counts
    from keras_suite.metrics.classification import logits_report

    name = {"model": NAMES[config.mode], "protocol": config.task}
    labels, logits = rows.test.labels, rows.test.predict(model)
    costs = parameter_counts(model) | {"seconds": sum(entry["seconds"] for entry in history)}
    if config.seed == run.metrics["seed"]:
        costs["peak_memory_mb"] = run.metrics["peak_memory_mb"][config.mode]
    outcome = {"history": history, "confusion": confusion_matrix(labels, logits.argmax(axis=1))}
    return outcome, [
        (
            name | {"split": "validation"},
            {metric: history[-1][f"val_{metric}"] for metric in MEASURED},
        ),
        (name | {"split": "test"}, logits_report(labels, logits)),
        (name | {"split": "cost"}, costs),
    ]


def draw(outcomes: dict[str, dict], classes: list[str], run) -> None:
    """Draw the evaluations and the confusion of one seed, the modes side by side."""
    from keras_suite.plots import common as plots

    histories = {name: each["history"] for name, each in outcomes.items()}
    matrices = {name: {"test": each["confusion"]} for name, each in outcomes.items()}
    names = [name.replace("_", "\n") for name in classes]
    run.save_figure(plots.learning_curves(histories, ["loss", "accuracy"]), "learning_curves")
    run.save_figure(plots.validation_curves(histories, list(MEASURED)), "evaluations")
    run.save_figure(plots.confusion_matrices(matrices, names), "confusion")


def export(config: Config, pairs, rows, model, run) -> None:
    """Export token ids in, class probabilities out; keep LoRA's adapter, else the whole model."""
    from keras_suite.adapters.apply import merge
    from keras_suite.adapters.peft import save_adapter
    from keras_suite.serving.examples import EXAMPLES
    from keras_suite.tasks.lora.text_classifier import head_names, serving_signature
    from keras_suite.training.precision import in_float32

    if config.precision != "float32":
        model = in_float32(model, build(dataclasses.replace(config, precision="float32"), rows))
    examples = rows.test.first(EXAMPLES)
    text = {"reads": "pair", "max_length": config.max_length}
    card = {"classes": pairs.class_names, "text": text}
    run.save_tokenizer(tokenizer_of(config, pairs))
    if config.mode == "lora":
        adapter = config.lora(head_names(model))
        save_adapter(model, adapter, run.folder / "adapter", config.encoder)
        merge(model)
        run.export(model, LORA, *serving_signature(model), examples, **card)
    else:
        run.save_model(model, NAMES[config.mode], *serving_signature(model), examples, **card)


if __name__ == "__main__":
    sys.exit(main(sys.modules[__name__]))
