"""Persian question answering: PQuAD on ParsBERT or ALBERT (report E).

    python experiments/persian_qa.py                                           ParsBERT
    python experiments/persian_qa.py --encoder m3hrdadfi/albert-fa-base-v2     ALBERT-fa
    python experiments/persian_qa.py --preset quick                            tiny and untrained
    python tuning/search.py persian_qa --preset quick

The recipe is the report's: dropout 0.2 and a dense layer of start and end logits on the encoder,
AdamW with weight decay 0.1 (none on biases and norms), learning rate 5e-5 that each epoch divides
by 10, one epoch of batches of 16, 512 tokens. A context that is longer is cut into windows that
overlap; the answer is the best span of all. That a question has no answer is decided by a threshold
chosen on validation questions. For ParsBERT, PQuAD's authors publish exact match 68.1 and F1 82.0.

An encoder may be a folder with config.json, model.safetensors and the tokenizer's files. Without
PQuAD's training file, the questions to train and to validate on are drawn from its validation
file. By the time that single steps take, ParsBERT on those wants 8 GB of memory and an hour and a
quarter on 2 cores; the quick preset takes half a minute and says nothing.
"""

import dataclasses
import sys
from dataclasses import dataclass

from keras_suite.cli import main
from keras_suite.config import ExperimentConfig, require
from keras_suite.experiment import Objective

FIGURES = {  # loss in training, loss in validation, exact match, F1
    "BERT": (0.9689, 0.8452, 69.709, 82.936),
    "ALBERT": (0.9030, 0.8356, 69.458, 83.103),
}
REPORTED = [
    ({"model": model, "protocol": "paper", "split": split}, figures)
    for model, (train, validation, exact_match, f1) in FIGURES.items()
    for split, figures in {
        "train": {"loss": train},
        "validation": {"loss": validation},
        "test": {"exact_match": exact_match, "f1": f1},
    }.items()
]
MEASURED = "loss", "exact_match", "f1", "threshold"
SHOWN_ANSWERS = 100


@dataclass(frozen=True)
class Config(ExperimentConfig):
    """The recipe."""

    encoder: str = "HooshvareLab/bert-fa-base-uncased"
    """A name on the Hugging Face hub, a folder, or tiny (untrained)."""
    dropout: float = 0.2
    """On the encoder's last hidden state."""
    learning_rate: float = 5e-5
    """Of AdamW in the first epoch."""
    weight_decay: float = 0.1
    """Of AdamW."""
    batch_size: int = 16
    """Windows a training step."""
    epochs: int = 1
    """Passes over the training windows."""
    evaluations: int = 4
    """How often an epoch is evaluated and a killed run can go on from; batches that cannot be
    shared out equally (fewer than this number) are left out."""
    max_length: int = 512
    """Tokens of a window, those of the question included."""
    stride: int = 128
    """Tokens of the context that a window has in common with the next."""
    max_answer_tokens: int = 30
    """Longer spans are no answers."""
    train_questions: int = 0
    """Use only so many training questions, evenly spaced in the file; 0 uses all."""
    validation_questions: int = 0
    """Likewise to validate on."""
    test_questions: int = 0
    """Likewise for the final figures."""

    def __post_init__(self):
        super().__post_init__()
        sizes = "batch_size", "epochs", "evaluations", "max_length", "max_answer_tokens"
        self.require_at_least(1, *sizes)
        self.require_at_least(0, "stride", "weight_decay")
        self.require_at_least(0, "train_questions", "validation_questions", "test_questions")
        self.require_above_0("learning_rate")
        require(0 <= self.dropout < 1, f"--dropout must lie in [0, 1), not {self.dropout}")


QUICK = {"train_questions": 400, "validation_questions": 80, "test_questions": 80}
QUICK |= {"max_length": 256, "stride": 64, "learning_rate": 1e-3, "epochs": 2, "evaluations": 2}
PRESETS = {"paper": Config(), "quick": Config(encoder="tiny", **QUICK)}


def mean_loss(labels, logits) -> float:
    """Mean over the validation windows."""
    from keras_suite.tasks.persian_qa.span_qa import span_loss

    return float(span_loss(labels, logits).numpy().mean())


OBJECTIVE = Objective("val_loss", "min", mean_loss)


def search_space(hp, config: Config) -> Config:
    """Sample how fast the model learns and what holds it back."""
    return dataclasses.replace(
        config,
        learning_rate=hp.Float("learning_rate", 1e-5, 2e-4, sampling="log"),
        weight_decay=hp.Float("weight_decay", 0.0, 0.2, step=0.05),
        dropout=hp.Float("dropout", 0.0, 0.4, step=0.1),
        batch_size=hp.Choice("batch_size", [8, 16, 32]),
    )


def load(config: Config):
    """Load the questions; without a network, questions made from templates stand in."""
    from keras_suite.tasks.persian_qa.pquad import load_questions

    questions = load_questions(config.data, config.data_dir)
    parts = {
        "train": evenly_spaced(questions.train, config.train_questions),
        "validation": evenly_spaced(questions.validation, config.validation_questions),
        "test": evenly_spaced(questions.test, config.test_questions),
    }
    return dataclasses.replace(questions, **parts)


def evenly_spaced(questions: list, count: int) -> list:
    """Return so many of the questions, or all where ``count`` is 0 or more than there are."""
    count = min(count or len(questions), len(questions))
    return [questions[i * len(questions) // count] for i in range(count)]


def tokenizer_of(config: Config, questions):
    """Load the encoder's tokenizer; that of "tiny" is made from the training contexts."""
    from keras_suite.models.encoders import tokenizer_for

    return tokenizer_for(config.encoder, sorted({each.context for each in questions.train}))


def split(config: Config, questions):
    """Tokenise questions and contexts into windows."""
    from keras_suite.data.split import Split
    from keras_suite.tasks.persian_qa.windows import make_windows

    tokenizer = tokenizer_of(config, questions)
    parts = questions.train, questions.validation, questions.test
    return Split(
        *(make_windows(part, tokenizer, config.max_length, config.stride) for part in parts)
    )


def build(config: Config, rows):
    """Build and compile the model."""
    import keras

    from keras_suite.models.encoders import encoder_for
    from keras_suite.tasks.persian_qa.span_qa import span_loss, span_optimizer, span_qa
    from keras_suite.training.batch_losses import BatchLoss

    keras.utils.set_random_seed(config.seed)
    encoder = encoder_for(config.encoder, config.max_length, config.seed, tokens=True)
    has_types = rows.train.encoded.token_type_ids is not None
    model = span_qa(encoder, config.dropout, token_types=has_types)
    steps = steps_per_epoch(config, rows)
    optimizer = span_optimizer(model, config.learning_rate, config.weight_decay, steps)
    model.compile(optimizer, span_loss, metrics=[BatchLoss(span_loss)])
    return model


def steps_per_epoch(config: Config, rows) -> int:
    """Training steps of a pass over the windows."""
    return -(-len(rows.train) // config.batch_size)


def run(config: Config, run) -> None:
    """Train, measure, draw, keep the answers, export."""
    from keras_suite.runs.results import compare

    with run.stage("prepare"):
        questions = load(config)
        rows = split(config, questions)
        model = build(config, rows)
    run.use(questions.provenance, questions.notice)
    history = train(config, questions, rows, model, run)
    with run.stage("measure", 0.1):
        measured, predictions, scores = measure(config, questions, rows, model, history)
    keep(config, questions, rows, predictions, scores, run)
    draw(questions, history, run)
    export(config, questions, rows, model, history[-1]["val_threshold"], run)
    run.finish(compare(measured, REPORTED))


def train(config: Config, questions, rows, model, run) -> list[dict]:
    """Train the model and evaluate it as it goes."""
    from keras_suite.training.fit import Fit

    latest = {"logits": None}  # the measures of an evaluation share its figures

    def figure(name: str, logits) -> float:
        if latest["logits"] is not logits:
            latest.update(validate(config, questions, rows, logits), logits=logits)
        return latest[name]

    steps = steps_per_epoch(config, rows)
    evaluations = min(config.evaluations, steps)
    fit = Fit(
        name="persian_qa",
        model=model,
        train=rows.train,
        validation=rows.validation,
        epochs=config.epochs * evaluations,
        batch_size=config.batch_size,
        seed=config.seed,
        measures={f"val_{name}": lambda _, y, name=name: figure(name, y) for name in MEASURED},
        steps_per_evaluation=steps // evaluations,
        keeps_batch_losses=True,
    )
    return run.fit([fit], 0.8, at_once=1)[fit.name]


def validate(config: Config, questions, rows, logits) -> dict[str, float]:
    """Choose the threshold on validation questions; return it, the loss and what is right."""
    from keras_suite.tasks.persian_qa.answer_spans import best_answers, unless_none
    from keras_suite.tasks.persian_qa.squad_metrics import best_threshold, squad_report

    windows, asked = rows.validation, questions.validation
    spans = windows.without_padding(logits)
    answers, scores = best_answers(windows, spans, asked, config.max_answer_tokens)
    threshold, _ = best_threshold(scores, answers, asked)
    figures = squad_report(unless_none(answers, scores, threshold), asked)
    return figures | {"loss": mean_loss(windows.labels, logits), "threshold": threshold}


def measure(config: Config, questions, rows, model, history: list[dict]) -> tuple[list, dict, dict]:
    """Answer the test questions; return results, answers and the scores that there is none."""
    import numpy as np

    from keras_suite.adapters.counts import parameter_counts
    from keras_suite.tasks.persian_qa.answer_spans import best_answers, unless_none
    from keras_suite.tasks.persian_qa.squad_metrics import squad_report

    logits = rows.test.predict_tokens(model, config.batch_size)
    answers, scores = best_answers(rows.test, logits, questions.test, config.max_answer_tokens)
    answers = unless_none(answers, scores, history[-1]["val_threshold"])
    counts = parameter_counts(model)
    last_epoch = history[-len(history) // config.epochs :]
    losses = np.concatenate([entry["batch_losses"] for entry in last_epoch])
    figures = {
        "train": {"loss": float(losses.mean())},
        "validation": {name: history[-1][f"val_{name}"] for name in MEASURED},
        "test": squad_report(answers, questions.test),
        "cost": {each: counts[each] for each in ("parameters", "trainable")}
        | {"seconds": sum(entry["seconds"] for entry in history)},
    }
    name = {"model": model.name.upper(), "protocol": "paper"}
    return [(name | {"split": split}, each) for split, each in figures.items()], answers, scores


def keep(config: Config, questions, rows, answers: dict, scores: dict, run) -> None:
    """Write all answers to the test questions, a page to read, and what none could be right on."""
    import json

    from keras_suite.tasks.persian_qa.answers_page import write_answers_page
    from keras_suite.tasks.persian_qa.out_of_reach import out_of_reach, write_out_of_reach
    from keras_suite.terminal import files

    text = json.dumps(answers, ensure_ascii=False, indent=1) + "\n"
    files.write_text(run.folder / "predictions.json", text)
    shown = evenly_spaced(questions.test, SHOWN_ANSWERS)
    notice = questions.notice if questions.provenance.is_sample else ""
    write_answers_page(run.folder / "answers.html", shown, answers, scores, notice)
    lost = out_of_reach(rows.test, questions.test, config.max_answer_tokens)
    write_out_of_reach(lost, run.folder / "out_of_reach.csv")
    run.console.print(
        f"{len(lost):,} test answers are no span of up to {config.max_answer_tokens} tokens: see "
        "out_of_reach.csv."
    )


def draw(questions, history: list[dict], run) -> None:
    """Draw the questions and the training."""
    from keras_suite.plots import common as plots
    from keras_suite.tasks.persian_qa import loss_plots, qa_plots

    parts = {name: getattr(questions, name) for name in ("train", "validation", "test")}
    run.save_figure(qa_plots.split_sizes(parts), "questions")
    run.save_figure(qa_plots.answers_per_question(parts), "answers_per_question")
    run.save_figure(qa_plots.lengths(parts), "lengths")
    losses = [loss for entry in history for loss in entry["batch_losses"]]
    run.save_figure(loss_plots.batch_losses(losses), "training_loss")
    curves = plots.validation_curves({"validation": history}, ["loss", "exact_match", "f1"])
    run.save_figure(curves, "evaluations")


def export(config: Config, questions, rows, model, threshold: float, run) -> None:
    """Export token ids in, start and end logits out; keep the tokenizer beside it."""
    from keras_suite.serving.examples import EXAMPLES
    from keras_suite.tasks.persian_qa.span_qa import serving_signature

    run.save_tokenizer(tokenizer_of(config, questions))
    sizes = ("max_length", "stride", "max_answer_tokens")
    text = {"reads": "question", "threshold": threshold}
    text |= {name: getattr(config, name) for name in sizes}
    given = *serving_signature(model), rows.test.first(EXAMPLES)
    run.save_model(model, model.name.upper(), *given, text=text)


if __name__ == "__main__":
    sys.exit(main(sys.modules[__name__]))
