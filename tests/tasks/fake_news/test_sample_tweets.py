import re

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import RidgeClassifier

from keras_suite.tasks.fake_news.sample_tweets import draw_tweets

ROWS, TRAIN = 640, 480


def test_tweets_are_distinct_balanced_and_the_same_for_the_same_seed():
    texts, labels = draw_tweets(ROWS)
    assert len(set(texts)) == len(texts) == ROWS
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [ROWS // 2] * 2
    assert draw_tweets(ROWS)[0] == texts
    assert draw_tweets(ROWS, seed=1)[0] != texts


def test_no_single_word_tells_the_label():
    texts, labels = draw_tweets(ROWS)
    has_word = CountVectorizer(binary=True).fit_transform(texts).toarray() == 1
    agrees = (has_word == labels[:, None]).mean(axis=0)
    assert np.maximum(agrees, 1 - agrees).max() < 0.7


def test_all_words_together_tell_most_labels_but_not_all():
    texts, labels = draw_tweets(ROWS)
    X = CountVectorizer().fit_transform(texts)
    model = RidgeClassifier().fit(X[:TRAIN], labels[:TRAIN])
    assert 0.8 < model.score(X[TRAIN:], labels[TRAIN:]) < 0.95


def test_both_classes_have_what_tweets_have():
    texts, labels = draw_tweets(ROWS)
    for label in (0, 1):
        some = [text for text, other in zip(texts, labels, strict=True) if other == label]
        for mark in (r"https://t\.co/\w{10}\b", r"@\w+", r"#\w+", "&amp;", "\n", "\U0001f637"):
            assert sum(bool(re.search(mark, text)) for text in some) > 10
