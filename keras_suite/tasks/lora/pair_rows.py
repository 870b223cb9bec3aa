"""Rows of sentence pairs for one encoder."""

import numpy as np

from keras_suite.data.split import TextSplit
from keras_suite.errors import InputError
from keras_suite.models.encoders import tokenizer_for
from keras_suite.tasks.lora.text_pairs import TextPairs, tokenized


def pair_rows(
    pairs: TextPairs,
    train: int,
    validation: int,
    test: int,
    max_length: int,
    encoder: str,
    seed: int,
) -> TextSplit:
    """Draw pairs to train and to validate on from the training split, and tokenise all.

    Args:
        pairs: of a task.
        train: how many to train on, at most.
        validation: how many to validate on.
        test: how many of the validation split, its first ones, are the test.
        max_length: the most tokens of a pair; longer ones are cut.
        encoder: whose tokenizer; that of "tiny" is made from the training pairs.
        seed: of the draw.

    Raises:
        InputError: where none are left to train on, or there is no such tokenizer.
    """
    order = np.random.default_rng(seed).permutation(len(pairs.train[2]))
    if len(order) <= validation:
        raise InputError(
            f"--validation-pairs {validation} leaves none of the {len(order)} pairs to train on."
        )
    tokenizer = tokenizer_for(encoder, pairs.train[0] + pairs.train[1])
    parts = (
        (pairs.train, order[validation : validation + train]),
        (pairs.train, order[:validation]),
        (pairs.validation, np.arange(min(test, len(pairs.validation[2])))),
    )
    return TextSplit(*(tokenized(*part, tokenizer, max_length) for part in parts), tokenizer)
