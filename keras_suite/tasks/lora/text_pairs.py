"""Labelled pairs of texts: GLUE's QQP and MNLI."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from keras_suite.data.download import cache_folder
from keras_suite.data.length_buckets import TextRows
from keras_suite.data.prepared import load_prepared
from keras_suite.data.provenance import Loaded, Provenance
from keras_suite.data.source import Kind
from keras_suite.data.tokens import encode
from keras_suite.errors import InputError
from keras_suite.tasks.lora import sample_pairs

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Task = Literal["qqp", "mnli"]
Pairs = tuple[list[str], list[str], np.ndarray]

FIELDS = {"qqp": ("question1", "question2"), "mnli": ("premise", "hypothesis")}
SPLITS = {"qqp": ("train", "validation"), "mnli": ("train", "validation_matched")}
SAMPLE_TRAIN, SAMPLE_VALIDATION = 1200, 300


@dataclass(frozen=True)
class TextPairs(Loaded):
    """A set of labelled pairs of texts.

    Args:
        train: first texts, second texts, and labels ``[n]`` int64.
        validation: likewise.
        class_names: of the labels 0, 1, ...
    """

    train: Pairs
    validation: Pairs
    class_names: list[str]


def load_pairs(task: Task, kind: Kind = "auto", data_dir: Path | None = None) -> TextPairs:
    """Load GLUE's QQP (question pairs) or MNLI (premises and hypotheses).

    Pairs with an empty text are left out and counted in the notice: GLUE's QQP has two. MNLI's
    validation pairs are the matched ones.

    Args:
        task: "qqp" or "mnli".
        kind: see :func:`keras_suite.data.prepared.load_prepared`; templates make the sample.
        data_dir: likewise.

    Raises:
        InputError: saying what to fetch and where to put it, or that labels are hidden.
    """
    return load_prepared(
        f"glue/{task}",
        kind,
        data_dir,
        sample=lambda: _templated(task),
        read=lambda builder: _read(builder, task),
    )


def tokenized(
    pairs: Pairs, indices: np.ndarray, tokenizer: "PreTrainedTokenizerFast", max_length: int
) -> TextRows:
    """Make rows to train on of some pairs; their token ids are kept in the cache.

    Args:
        pairs: first texts, second texts, labels.
        indices: of the wanted ones, ``[n]`` int64.
        tokenizer: a fast one.
        max_length: the most tokens of a pair; longer ones are cut.

    Raises:
        InputError: as :func:`keras_suite.data.tokens.encode`.
    """
    columns = [[texts[i] for i in indices] for texts in pairs[:2]]
    encoded = encode(tokenizer, columns, max_length, cache_folder() / "tokens")
    return TextRows(encoded, pairs[2][indices], tokenizer.pad_token_id)


def _templated(task: Task) -> TextPairs:
    """Return 1,200 pairs to train on and 300 to validate, all made from templates."""
    rows = SAMPLE_TRAIN + SAMPLE_VALIDATION
    pairs = sample_pairs.draw_pairs(task, rows)
    train = tuple(part[:SAMPLE_TRAIN] for part in pairs)
    validation = tuple(part[SAMPLE_TRAIN:] for part in pairs)
    source = sample_pairs.SOURCES[task]
    provenance = Provenance(source, "sample", rows, _sha256(train, validation))
    class_names = sample_pairs.CLASS_NAMES[task]
    return TextPairs(train, validation, class_names, provenance=provenance)


def _read(builder, task: Task) -> TextPairs:
    class_names = builder.info.features["label"].names
    last = len(class_names) - 1
    parts = [_read_split(builder, split, FIELDS[task]) for split in SPLITS[task]]
    for split, (_, _, labels) in zip(SPLITS[task], parts, strict=True):
        if labels.min() < 0 or labels.max() > last:
            raise InputError(
                f"The {split} split at {builder.data_dir} has labels outside 0..{last} "
                "(TFDS writes -1 where GLUE hides them): name a folder with labelled rows."
            )
    train, validation = (_without_empty(part) for part in parts)
    rows = len(train[2]) + len(validation[2])
    left_out = sum(len(part[2]) for part in parts) - rows
    source = f"glue/{task} {builder.version} from TensorFlow Datasets"
    provenance = Provenance(source, "real", rows, _sha256(train, validation))
    notice = f"Pairs of glue/{task} left out because a text is empty: {left_out}."
    return TextPairs(
        train, validation, class_names, provenance=provenance, notice=notice if left_out else ""
    )


def _read_split(builder, split: str, fields: tuple[str, str]) -> Pairs:
    import tensorflow_datasets as tfds

    rows = tfds.as_numpy(builder.as_dataset(split, batch_size=-1))
    first, second = ([text.decode() for text in rows[field]] for field in fields)
    return first, second, rows["label"]


def _without_empty(pairs: Pairs) -> Pairs:
    first, second, labels = pairs
    kept = [i for i in range(len(first)) if first[i].strip() and second[i].strip()]
    return [first[i] for i in kept], [second[i] for i in kept], labels[kept]


def _sha256(*parts: Pairs) -> str:
    digest = hashlib.sha256()
    for first, second, labels in parts:
        digest.update(json.dumps([first, second, labels.tolist()]).encode())
    return digest.hexdigest()
