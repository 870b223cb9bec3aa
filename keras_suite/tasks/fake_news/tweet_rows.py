"""Rows of tweets for one encoder."""

import numpy as np

from keras_suite.data.download import cache_folder
from keras_suite.data.length_buckets import TextRows
from keras_suite.data.split import TextSplit
from keras_suite.data.tokens import encode
from keras_suite.errors import InputError
from keras_suite.models.encoders import tokenizer_for
from keras_suite.tasks.fake_news.tweets import Tweets, TweetSets, clean_tweet


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

    The draw is the same for all seeds: repeats differ in nothing but first weights and order.

    Args:
        sets: the two files' tweets; the second one's are the test.
        train: use only so many of those that are not held out; 0 uses all.
        validation: how many are held out.
        test: use only so many test tweets, the first ones; 0 uses all.
        max_length: the most tokens of a tweet; longer ones are cut.
        encoder: whose tokenizer; that of "tiny" is made from the training tweets.
        clean: whether URLs, mentions and emoji become words.

    Raises:
        InputError: where none are left to train on, or there is no such tokenizer.
    """
    known = len(sets.train.texts)
    if known <= validation:
        raise InputError(
            f"--validation-tweets {validation} leaves none of the {known} tweets to train on."
        )
    order = np.random.default_rng(0).permutation(known)
    picks = order[validation:][: train or None], order[:validation]
    tested = np.arange(len(sets.validation.texts))[: test or None]
    parts = (sets.train, picks[0]), (sets.train, picks[1]), (sets.validation, tested)
    texts = [_texts(*part, clean) for part in parts]
    tokenizer = tokenizer_for(encoder, texts[0])
    encoded = [encode(tokenizer, [each], max_length, cache_folder() / "tokens") for each in texts]
    rows = [
        TextRows(each, tweets.labels[picked], tokenizer.pad_token_id)
        for each, (tweets, picked) in zip(encoded, parts, strict=True)
    ]
    return TextSplit(*rows, tokenizer)


def _texts(tweets: Tweets, picks: np.ndarray, clean: bool) -> list[str]:
    texts = [tweets.texts[i] for i in picks]
    return [clean_tweet(text) or text for text in texts] if clean else texts
