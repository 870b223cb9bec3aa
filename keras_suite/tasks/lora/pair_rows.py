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

    The counts are ``validation`` and at most ``train`` of the training split; at most ``test`` of
    the validation split, its first ones, are the test. Pairs of more than ``max_length`` tokens
    are cut. The tokenizer is the encoder's; that of "tiny" is made from the training pairs.

    Raises:
        InputError: where none are left to train on, or there is no such tokenizer.
    """
    order = np.random.default_rng(seed).permutation(len(pairs.train[2]))
    if len(order) <= validation:
        raise InputError(
            f"--validation-pairs {validation} leaves none of the {len(order)} pairs to train on."
        )
    tokenizer = tokenizer_for(encoder, pairs.train[0] + pairs.train[1])
    kept, held_out = order[validation:][:train], order[:validation]
    tested = np.arange(len(pairs.validation[2]))[:test]
    parts = (pairs.train, kept), (pairs.train, held_out), (pairs.validation, tested)
    rows = (tokenized(pairs, picked, tokenizer, max_length) for pairs, picked in parts)
    return TextSplit(*rows, tokenizer=tokenizer)
