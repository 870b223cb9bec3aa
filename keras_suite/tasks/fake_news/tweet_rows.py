"""Rows of tweets for one encoder."""

import numpy as np

from keras_suite.data.download import cache_folder
from keras_suite.data.length_buckets import TextRows
from keras_suite.data.split import TextSplit
from keras_suite.data.tokens import encode
from keras_suite.errors import InputError
from keras_suite.models.encoders import tokenizer_for
from keras_suite.tasks.fake_news.tweets import TweetSets, clean_tweet


def tweet_rows(
    sets: TweetSets,
    train: int,
    validation: int,
    test: int,
    max_length: int,
    encoder: str,
    clean: bool,
) -> TextSplit:
    """Hold out validation tweets from the training file, and tokenise all.

    The draw is the same for all seeds: repeats differ in nothing but first weights and order. The
    second file's first tweets are the test; ``train`` and ``test`` of 0 use all there are. Tweets
    of more than ``max_length`` tokens are cut, and where they are cleaned, URLs, mentions and emoji
    become words. The tokenizer is the encoder's; that of "tiny" is made from the training tweets.

    Raises:
        InputError: where none are left to train on, or there is no such tokenizer.
    """
    known = len(sets.train.texts)
    if known <= validation:
        raise InputError(
            f"--validation-tweets {validation} leaves none of the {known} tweets to train on."
        )
    order = np.random.default_rng(0).permutation(known)
    kept, held_out = order[validation:][: train or None], order[:validation]
    tested = np.arange(len(sets.validation.texts))[: test or None]
    parts = (sets.train, kept), (sets.train, held_out), (sets.validation, tested)
    cleaned = clean_tweet if clean else str
    texts = [[cleaned(tweets.texts[i]) for i in picked] for tweets, picked in parts]
    tokenizer = tokenizer_for(encoder, texts[0])
    rows = []
    for (tweets, picked), each in zip(parts, texts, strict=True):
        encoded = encode(tokenizer, [each], max_length, cache_folder() / "tokens")
        rows.append(TextRows(encoded, tweets.labels[picked], tokenizer.pad_token_id))  # pyright: ignore[reportArgumentType]
    return TextSplit(*rows, tokenizer=tokenizer)
