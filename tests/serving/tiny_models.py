"""Models so small that they take no time, and a run that has one."""

import json
import shutil
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_suite.data.wordpiece import wordpiece_of
from keras_suite.serving.card import read_signature
from keras_suite.serving.examples import Examples
from tests.report.run_folders import write_run

CLASSES = ["bag", "boot", "coat"]
NEIGHBOURS = ["شاه", "roi"]
TEXTS = ["The vaccine is safe.", "It was never tested!", "Is the vaccine safe or tested?"]
CONTEXT = "The library of Aftab is in the city of Shiraz and has 720 books. " * 6
QUESTION_SETTINGS = {"max_length": 48, "stride": 8, "max_answer_tokens": 8, "threshold": 1e9}
ROWS, WORDS = tf.TensorSpec([None, 3], name="features"), tf.TensorSpec([None], tf.string, "words")
GREY = tf.TensorSpec([None, 4, 6], tf.uint8, "images")
COLOURED = tf.TensorSpec([None, None, None, 3], tf.uint8, "images")
NAMES = "input_ids", "attention_mask", "token_type_ids"
IDS = [tf.TensorSpec([None, None], tf.int32, name) for name in NAMES]


def make_run(output: Path) -> Path:
    """Write a run of the experiment "toy", with an export, whose folder is returned."""
    module = tf.Module()
    module.weights = tf.Variable(np.random.default_rng(0).normal(size=(3, 2)).astype("f4"))

    def function(features):
        scores = tf.matmul(features, module.weights)
        return {"probabilities": tf.nn.softmax(scores), "scores": scores[:, 1]}

    about = {"about": "A toy.", "exported": "the tiny one"}
    serving = {"about": "Three figures in.", "classes": ["no", "yes"]}
    run = write_run(output, experiment="toy", serving=serving, **about)
    _save(module, function, [ROWS], run / "serving/toy/1")
    rows = np.random.default_rng(1).normal(size=(40, 3)).astype("f4")
    Examples.of(function, [ROWS], {"features": rows}).save(run / "serving/examples.npz")
    return run


def copied(run: Path, output: Path, name: str = "toy", **changes) -> Path:
    """Copy a run to where a test may spoil it, with changes of its metrics.json."""
    folder = output / name / run.name
    shutil.copytree(run, folder)
    (folder.parent / "latest").symlink_to(folder.name)
    change(folder, **changes)
    return folder


def change(run: Path, **changes) -> None:
    """Put other values in a run's metrics.json."""
    metrics = json.loads((run / "metrics.json").read_text())
    (run / "metrics.json").write_text(json.dumps(metrics | changes))


def export_all(folder: Path) -> Path:
    """Write ``NAME/1`` for each kind of model, and ``fraud/2``, as the export command does."""
    columns, classes = {"columns": ["V1", "V2", "Amount"]}, {"classes": CLASSES}
    tokenizer = wordpiece_of([*TEXTS, CONTEXT], 120)
    for version in (1, 2):
        _export(folder / "fraud" / str(version), _numbers(version), [ROWS], **columns)
    _export(folder / "nameless/1", _numbers(3), [ROWS])
    _export(folder / "fashion/1", _pictures, [GREY], **classes)
    _export(folder / "photos/1", _pictures, [COLOURED])
    _export(folder / "words/1", _words, [WORDS])
    reads = {"topics": {"reads": "text"}, "tweets": {"reads": "text", "clean": True}}
    for name, reading in (reads | {"pairs": {"reads": "pair"}}).items():
        text = {"text": reading | {"max_length": 12}}
        specs = IDS if name == "pairs" else IDS[:2]
        _export(folder / name / "1", _token_counts, specs, tokenizer, **classes, **text)
    _export(folder / "qa/1", _spans, IDS, tokenizer, text={"reads": "question"} | QUESTION_SETTINGS)
    return folder


def _export(folder: Path, function, specs, tokenizer=None, **card) -> None:
    _save(tf.Module(), function, specs, folder)
    extra = folder / "assets.extra"
    extra.mkdir()
    inputs, outputs = read_signature(folder)
    card |= {"name": folder.parent.name, "version": int(folder.name), "data": {"kind": "real"}}
    (extra / "card.json").write_text(json.dumps(card | {"inputs": inputs, "outputs": outputs}))
    if tokenizer is not None:
        tokenizer.save_pretrained(extra / "tokenizer")


def _save(module: tf.Module, function, specs, folder: Path) -> None:
    module.function = tf.function(function, input_signature=specs)
    tf.saved_model.save(module, str(folder), {"serving_default": module.function})


def _numbers(seed: int):
    weights = np.random.default_rng(seed).normal(0, 1, 3).astype("float32")
    return lambda features: {"fraud_probability": tf.sigmoid(tf.linalg.matvec(features, weights))}


def _pictures(images):
    share = tf.reduce_mean(tf.cast(images, tf.float32) / 255, list(range(1, len(images.shape))))
    return {"probabilities": tf.stack([share / 2, 1 - share, share / 2], axis=1)}


def _words(words):
    lengths = tf.cast(tf.strings.length(words), tf.float32)
    neighbours = tf.tile(tf.constant([NEIGHBOURS]), [tf.shape(words)[0], 1])
    return {"neighbours": neighbours, "cosines": tf.stack([1 / lengths, -1 / lengths], axis=1)}


def _token_counts(input_ids, attention_mask, token_type_ids=None):
    """Classify by ids, mask and types alike, so that a mistake in any of them shows."""
    ids, mask = tf.cast(input_ids, tf.float32), tf.cast(attention_mask, tf.float32)
    types = mask / 2 if token_type_ids is None else tf.cast(token_type_ids, tf.float32)
    tokens, of_second = tf.reduce_sum(mask, 1), tf.reduce_sum(types, 1)
    parts = tf.reduce_sum(ids * mask, 1) / tokens / 50, of_second / tokens, tokens / 12
    return {"probabilities": tf.nn.softmax(tf.stack(parts, axis=1))}


def _spans(input_ids, attention_mask, token_type_ids):
    """Mark answers by ids, mask, types and places alike."""
    ids, mask, types = (tf.cast(x, tf.float32) for x in (input_ids, attention_mask, token_type_ids))
    mixed = ids + 3 * types + tf.cumsum(mask, 1)
    return {"start_logits": tf.sin(mixed), "end_logits": tf.cos(2 * mixed)}
