"""Labelled pairs of texts: GLUE's QQP and MNLI."""

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from keras_suite.data.download import cache_folder
from keras_suite.data.length_buckets import TextRows
from keras_suite.data.prepared import load_prepared
from keras_suite.data.provenance import Loaded, Provenance
from keras_suite.data.source import Kind
from keras_suite.data.tokens import encode
from keras_suite.errors import InputError
from keras_suite.tasks.lora import sample_pairs
from keras_suite.tasks.lora.sample_pairs import Pairs, Task

FIELDS = {"qqp": ("question1", "question2"), "mnli": ("premise", "hypothesis")}
SPLITS = {"qqp": ("train", "validation"), "mnli": ("train", "validation_matched")}
SAMPLE_TRAIN, SAMPLE_VALIDATION = 1200, 300


@dataclass(frozen=True)
class TextPairs(Loaded):
    """Pairs as first texts, second texts, and labels ``[n]`` int64, which class_names names."""

    train: Pairs
    validation: Pairs
    class_names: list[str]


def load_pairs(task: Task, kind: Kind = "auto", data_dir: Path | None = None) -> TextPairs:
    """Load GLUE's QQP (question pairs) or MNLI (premises and hypotheses).

    Pairs with an empty text are left out and counted in the notice: GLUE's QQP has two. MNLI's
    validation pairs are the matched ones. Templates make the sample; for kind and data_dir see
    :func:`keras_suite.data.prepared.load_prepared`.

    Raises:
        InputError: saying what to fetch and where to put it, or that labels are hidden.
    """
    sample, read = partial(_templated, task), partial(_read, task)
    return load_prepared(f"glue/{task}", kind, data_dir, sample, read)


def tokenized(pairs: Pairs, indices: np.ndarray, tokenizer, max_length: int) -> TextRows:
    """Make rows of the pairs of some indices, ``[n]`` int64; longer ones than allowed are cut.

    Their token ids, made by a fast tokenizer, are kept in the cache.

    Raises:
        InputError: as :func:`keras_suite.data.tokens.encode`.
    """
    columns = [[texts[i] for i in indices] for texts in pairs[:2]]
    encoded = encode(tokenizer, columns, max_length, cache_folder() / "tokens")
    return TextRows(encoded, pairs[2][indices], tokenizer.pad_token_id)


def _templated(task: Task) -> TextPairs:
    first, second, labels = sample_pairs.draw_pairs(task, SAMPLE_TRAIN + SAMPLE_VALIDATION)
    cuts = slice(SAMPLE_TRAIN), slice(SAMPLE_TRAIN, None)
    parts = [(first[cut], second[cut], labels[cut]) for cut in cuts]
    source = f"templated {sample_pairs.SOURCES[task]} pairs, generated"
    return _text_pairs(source, "sample", parts, sample_pairs.CLASS_NAMES[task])


def _read(task: Task, builder) -> TextPairs:
    class_names = builder.info.features["label"].names
    read = [_read_split(builder, split, FIELDS[task], len(class_names)) for split in SPLITS[task]]
    left_out = sum(count for _, count in read)
    notice = f"Pairs of glue/{task} left out because a text is empty: {left_out}."
    source = f"glue/{task} {builder.version} from TensorFlow Datasets"
    parts = [pairs for pairs, _ in read]
    return _text_pairs(source, "real", parts, class_names, notice if left_out else "")


def _read_split(builder, split: str, fields: tuple[str, str], classes: int) -> tuple[Pairs, int]:
    """Return the pairs, and how many were left out."""
    import tensorflow_datasets as tfds

    rows = tfds.as_numpy(builder.as_dataset(split, batch_size=-1))
    labels = rows["label"]
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(
            f"The {split} split at {builder.data_dir} has labels outside 0..{classes - 1} "
            "(TFDS writes -1 where GLUE hides them): name a folder with labelled rows."
        )
    texts = [[text.decode() for text in rows[field]] for field in fields]
    kept = [i for i, pair in enumerate(zip(*texts, strict=True)) if all(map(str.strip, pair))]
    first, second = ([column[i] for i in kept] for column in texts)
    return (first, second, labels[kept]), len(labels) - len(kept)


def _text_pairs(source: str, kind, parts: list[Pairs], class_names, notice="") -> TextPairs:
    content = "".join(json.dumps([*texts, labels.tolist()]) for *texts, labels in parts)
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    provenance = Provenance(source, kind, sum(len(part[2]) for part in parts), sha256)
    return TextPairs(*parts, class_names=class_names, provenance=provenance, notice=notice)
