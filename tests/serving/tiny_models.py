"""A small exported model of each kind, with its card, as the export command lays them out."""

import json
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_suite.data.wordpiece import wordpiece_of
from keras_suite.models.encoders import random_encoder
from keras_suite.serving.card import read_signature
from keras_suite.serving.export import export
from keras_suite.serving.served import serve_texts
from keras_suite.tasks.persian_qa import span_qa

CLASSES = ["bag", "boot", "coat"]
COLUMNS = ["V1", "V2", "Amount"]
NEIGHBOURS = ["شاه", "roi"]
TEXTS = ["The vaccine is safe.", "It was never tested!", "Is the vaccine safe or tested?"]
CONTEXT = "The library of Aftab is in the city of Shiraz and has 720 books. " * 6
QUESTION_SETTINGS = {"max_length": 48, "stride": 8, "max_answer_tokens": 8, "threshold": 1e9}


def export_all(folder: Path) -> None:
    """Write ``folder/NAME/VERSION`` for fraud (1 and 2), fashion, photos, words, topics, ..."""
    for version in (1, 2):
        card = {"columns": COLUMNS, "classes": ["genuine", "fraud"]}
        _export(folder / "fraud" / str(version), *_numbers(seed=version), **card)
    _export(folder / "nameless" / "1", *_numbers(seed=3))
    _export(folder / "fashion" / "1", *_pictures([None, 4, 6]), classes=CLASSES)
    _export(folder / "photos" / "1", *_pictures([None, None, None, 3]))
    _export(folder / "words" / "1", *_words())
    tokenizer = wordpiece_of([*TEXTS, CONTEXT], 120)
    reads = {"topics": "text", "tweets": "text", "pairs": "pair"}
    for name, kind in reads.items():
        text = {"reads": kind, "max_length": 12} | ({"clean": True} if name == "tweets" else {})
        card = {"classes": CLASSES, "text": text}
        _export(folder / name / "1", *_token_counts(name == "pairs"), tokenizer, **card)
    qa = span_qa.span_qa(random_encoder(120, 0, tokens=True), 0.2, token_types=True)
    kernel = np.random.default_rng(0).normal(0, 1, (64, 2))
    qa.get_layer("qa_outputs").kernel.assign(kernel)
    card = {"text": {"reads": "question"} | QUESTION_SETTINGS}
    served = serve_texts(qa, "", span_qa.start_and_end, {}, tokenizer)
    _export(folder / "qa" / "1", served.function, served.specs, tokenizer, model=qa, **card)


def _export(folder: Path, function, specs, tokenizer=None, model=None, **card) -> None:
    nothing = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    export(model or nothing, function, specs, folder)
    extra = folder / "assets.extra"
    extra.mkdir()
    inputs, outputs = read_signature(folder)
    card |= {"name": folder.parent.name, "version": int(folder.name), "data": {"kind": "real"}}
    card |= {"inputs": inputs, "outputs": outputs}
    (extra / "card.json").write_text(json.dumps(card))
    if tokenizer is not None:
        tokenizer.save_pretrained(extra / "tokenizer")


def _numbers(seed: int) -> tuple:
    weights = np.random.default_rng(seed).normal(0, 1, 3).astype("float32")

    def serving_default(features):
        return {"fraud_probability": tf.sigmoid(tf.linalg.matvec(features, weights))}

    return serving_default, [tf.TensorSpec([None, 3], tf.float32, "features")]


def _pictures(shape: list) -> tuple:
    def serving_default(images):
        share = tf.reduce_mean(tf.cast(images, tf.float32) / 255, list(range(1, len(shape))))
        return {"probabilities": tf.stack([share / 2, 1 - share, share / 2], axis=1)}

    return serving_default, [tf.TensorSpec(shape, tf.uint8, "images")]


def _words() -> tuple:
    def serving_default(words):
        rows = tf.shape(words)[0]
        lengths = tf.cast(tf.strings.length(words), tf.float32)
        return {
            "neighbours": tf.tile(tf.constant([NEIGHBOURS]), [rows, 1]),
            "cosines": tf.stack([1 / lengths, -1 / lengths], axis=1),
        }

    return serving_default, [tf.TensorSpec([None], tf.string, "words")]


def _token_counts(with_types: bool) -> tuple:
    """Classify by ids, mask and types alike, so that a mistake in any of them shows."""
    names = ["input_ids", "attention_mask", "token_type_ids"][: 3 if with_types else 2]

    def serving_default(inputs):
        ids, mask, *types = (tf.cast(inputs[name], tf.float32) for name in names)
        tokens = tf.reduce_sum(mask, 1)
        of_second = tf.reduce_sum(types[0], 1) if types else tokens / 2
        weighted = tf.reduce_sum(ids * mask, 1) / tokens / 50
        return {
            "probabilities": tf.nn.softmax(
                tf.stack([weighted, of_second / tokens, tokens / 12], axis=1)
            )
        }

    return serving_default, [{n: tf.TensorSpec([None, None], tf.int32, name=n) for n in names}]
