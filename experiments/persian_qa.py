"""Persian question answering: PQuAD on ParsBERT or ALBERT (report E).

    python experiments/persian_qa.py                                           ParsBERT
    python experiments/persian_qa.py --encoder m3hrdadfi/albert-fa-base-v2     ALBERT-fa
    python experiments/persian_qa.py --preset quick                            tiny and untrained
    python tuning/search.py persian_qa --preset quick

The recipe is the report's: dropout 0.2 and a dense layer of start and end logits on ParsBERT
(arXiv:2005.12515) or ALBERT (arXiv:1909.11942), AdamW with weight decay 0.1 (none on biases and
norms), learning rate 5e-5 that each epoch divides by 10, one epoch of batches of 16, 512 tokens.
Longer contexts are cut into overlapping windows; the answer is the best span of all. A threshold
chosen on validation questions decides that a question has no answer (SQuAD 2.0, arXiv:1806.03822).
For ParsBERT, the authors of PQuAD (arXiv:2202.06219) publish exact match 68.1 and F1 82.0.

Without PQuAD's training file, the questions to train and to validate on are drawn from its
validation file. By the time that single steps take, ParsBERT on those wants 8 GB of memory and an
hour and a quarter on 2 cores; the quick preset takes 15 seconds and says nothing.
"""

import sys
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from etils import epy

from keras_suite import cli
from keras_suite.config import ExperimentConfig
from keras_suite.data.split import TextSplit
from keras_suite.experiment import Variant, reported
from keras_suite.tasks.persian_qa import claims

with epy.lazy_imports():
    import keras
    import numpy as np

    from keras_suite.models import encoders
    from keras_suite.plots import curves
    from keras_suite.serving import served
    from keras_suite.tasks.persian_qa import pquad, qa_plots, scores, span_qa, windows
    from keras_suite.training import batch_losses, precision

BERT, ALBERT = {"model": "BERT"}, {"model": "ALBERT"}
TRAIN, VALIDATION, TEST = ({"split": part} for part in ("train", "validation", "test"))
REPORTED = reported(
    "loss,exact_match,f1",
    (BERT | TRAIN, 0.9689, None, None),
    (BERT | VALIDATION, 0.8452, None, None),
    (BERT | TEST, None, 69.709, 82.936),
    (ALBERT | TRAIN, 0.9030, None, None),
    (ALBERT | VALIDATION, 0.8356, None, None),
    (ALBERT | TEST, None, 69.458, 83.103),
)
CLAIMS = claims.CLAIMS
OBJECTIVE = "val_loss"
PARTS = "train", "validation", "test"


@dataclass(frozen=True)
class Config(ExperimentConfig):
    """The recipe."""

    MAY_BE_0: ClassVar = ("seed", "stride", "weight_decay")

    encoder: str = "HooshvareLab/bert-fa-base-uncased"
    """A name on the Hugging Face hub, a folder of a checkpoint, or tiny (untrained)."""
    dropout: float = 0.2
    """Dropout on the encoder's last hidden state."""
    learning_rate: float = 5e-5
    """Learning rate of AdamW in the first epoch."""
    weight_decay: float = 0.1
    """Weight decay of AdamW."""
    batch_size: int = 16
    """Windows of a training step."""
    epochs: int = 1
    """Passes over the training windows."""
    evaluations: int = 4
    """Evaluations of an epoch; fewer batches, which cannot be shared out, are left out."""
    max_length: int = 512
    """Tokens of a window, those of the question included."""
    stride: int = 128
    """Tokens of the context that a window has in common with the next."""
    max_answer_tokens: int = 30
    """Tokens of an answer at most."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Type of the arithmetic; weights stay float32."""
    train_questions: int = 0
    """Use only so many training questions, evenly spaced in the file; 0 uses all."""
    validation_questions: int = 0
    """Use only so many questions to validate on, evenly spaced in the file; 0 uses all."""
    test_questions: int = 0
    """Use only so many test questions, evenly spaced in the file; 0 uses all."""


TINY = Config(encoder="tiny", learning_rate=1e-3, max_length=256, stride=64, test_questions=80)
QUICK = replace(TINY, epochs=2, evaluations=2, train_questions=400, validation_questions=80)
PRESETS = {"paper": Config(), "quick": QUICK}


def search_space(hp, config: Config) -> Config:
    """Sample how fast the model learns and what holds it back."""
    return replace(
        config,
        learning_rate=hp.Float("learning_rate", 1e-5, 2e-4, sampling="log"),
        weight_decay=hp.Float("weight_decay", 0.0, 0.2, step=0.05),
        dropout=hp.Float("dropout", 0.0, 0.4, step=0.1),
        batch_size=hp.Choice("batch_size", [8, 16, 32]),
    )


def needs(config: Config) -> list:
    """Say what is fetched from elsewhere."""
    return pquad.needs() + encoders.needs(config.encoder)


def load(config: Config):
    """Load the questions; without a network, questions made from templates stand in."""
    questions = pquad.load_questions(config.data, config.data_dir)
    return questions.evenly_spaced(*(getattr(config, f"{part}_questions") for part in PARTS))


def variants(config: Config) -> list[Variant]:
    """The one encoder, which is named by its family once it is loaded."""
    return [Variant("encoder", config)]


def split(config: Config, questions):
    """Tokenise questions and contexts into windows."""
    contexts = sorted({each.context for each in questions.train})
    tokenizer = encoders.tokenizer_for(config.encoder, contexts)
    given = tokenizer, config.max_length, config.stride
    parts = (getattr(questions, part) for part in PARTS)
    return TextSplit(*(windows.make_windows(part, *given) for part in parts), tokenizer=tokenizer)


def build(config: Config, rows):
    """Build and compile the model."""
    keras.utils.set_random_seed(config.seed)
    has_types = rows.train.encoded.token_type_ids is not None
    with precision.computing_in(config.precision):
        encoder = encoders.encoder_for(config.encoder, config.max_length, config.seed, tokens=True)
        model = span_qa.span_qa(encoder, config.dropout, token_types=has_types)
    steps = -(-len(rows.train) // config.batch_size)
    optimizer = span_qa.span_optimizer(model, config.learning_rate, config.weight_decay, steps)
    loss = span_qa.span_loss
    model.compile(optimizer, loss, metrics=[batch_losses.BatchLoss(loss)])
    return model


def schedule(config: Config, rows) -> dict:
    """Evaluate several times an epoch, and keep the loss of each batch."""
    steps = -(-len(rows.train) // config.batch_size)
    evaluations = min(config.evaluations, steps)
    epochs = {"epochs": config.epochs * evaluations, "steps_per_evaluation": steps // evaluations}
    return epochs | {"keeps_batch_losses": True}


def measures(trained) -> dict:
    """Answer the validation questions at each evaluation."""
    given = trained.rows.validation, trained.data.validation, trained.config.max_answer_tokens
    return scores.validation_measures(*given)


def evaluate(trained) -> list:
    """Answer the test questions; keep the answers and the scores that there is none."""
    trained.variant = replace(trained.variant, model=trained.network.name.upper())
    config, history = trained.config, trained.history
    logits = trained.rows.test.predict_tokens(trained.network, config.batch_size)
    given = trained.rows.test, logits, trained.data.test, config.max_answer_tokens
    figures, answers, none = scores.answered(*given, history[-1]["val_threshold"])
    trained.kept = {"answers": answers, "no_answer_scores": none}
    last_epoch = history[-len(history) // config.epochs :]
    losses = np.concatenate([entry["batch_losses"] for entry in last_epoch])
    last = trained.last(*scores.MEASURED, prefix="val_")
    return [(TRAIN, {"loss": float(losses.mean())}), (VALIDATION, last), (TEST, figures)]


def figures(outcome) -> dict:
    """Draw the questions and the training."""
    parts = {part: getattr(outcome.data, part) for part in PARTS}
    history = outcome.trained[0].history
    losses = [loss for entry in history for loss in entry["batch_losses"]]
    shown = ["loss", "exact_match", "f1"]
    return {
        "questions": qa_plots.split_sizes(parts),
        "answers_per_question": qa_plots.answers_per_question(parts),
        "lengths": qa_plots.lengths(parts),
        "training_loss": qa_plots.batch_losses(losses),
        "evaluations": curves.validation_curves({"validation": history}, shown),
    }


def files(outcome) -> dict:
    """Write all answers to the test questions, a page to read, and what none could be right on."""
    trained, questions = outcome.trained[0], outcome.data
    given = trained.rows.test, questions.test, outcome.config.max_answer_tokens, questions.notice
    return scores.answer_files(*given, **trained.kept)


def serve(trained):
    """Export token ids in, start and end logits out."""
    about = "Token ids of question and context in, logits of the answer's start and end out."
    text = {"reads": "question", "threshold": trained.history[-1]["val_threshold"]}
    for name in ("max_length", "stride", "max_answer_tokens"):
        text[name] = getattr(trained.config, name)
    given = trained.network, about, span_qa.start_and_end, trained.rows.test
    return served.serve_texts(*given, trained.rows.tokenizer, text=text)


if __name__ == "__main__":
    sys.exit(cli.run_file(sys.modules[__name__]))
