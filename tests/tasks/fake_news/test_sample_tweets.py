import re

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import RidgeClassifier

from keras_suite.tasks.fake_news.sample_tweets import draw_tweets

ROWS, TRAIN = 640, 480


@pytest.fixture(scope="module")
def drawn():
    return draw_tweets(ROWS)


def test_tweets_are_distinct_balanced_and_the_same_for_the_same_seed(drawn):
    texts, labels = drawn
    assert len(set(texts)) == len(texts) == ROWS
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [ROWS // 2] * 2
    assert draw_tweets(60)[0] == texts[:60] != draw_tweets(60, seed=1)[0]


def test_all_words_together_tell_most_labels_but_no_single_word_does(drawn):
    texts, labels = drawn
    X = CountVectorizer(binary=True).fit_transform(texts)
    model = RidgeClassifier().fit(X[:TRAIN], labels[:TRAIN])
    assert 0.8 < model.score(X[TRAIN:], labels[TRAIN:]) < 0.95
    agrees = (X.toarray() == labels[:, None]).mean(axis=0)
    assert np.maximum(agrees, 1 - agrees).max() < 0.7


@pytest.mark.parametrize("label", [0, 1])
def test_both_classes_have_what_tweets_have(drawn, label):
    some = [text for text, other in zip(*drawn, strict=True) if other == label]
    for mark in (r"https://t\.co/\w{10}\b", r"@\w+", r"#\w+", "&amp;", "\n", "\U0001f637"):
        assert sum(bool(re.search(mark, text)) for text in some) > 10
