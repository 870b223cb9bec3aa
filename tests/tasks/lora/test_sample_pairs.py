import re

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import RidgeClassifier
from sklearn.tree import DecisionTreeClassifier

from keras_suite.tasks.lora.sample_pairs import CLASS_NAMES, draw_pairs

ROWS, TRAIN = 1500, 1200


def words(text):
    return set(re.findall(r"\w+", text.lower()))


def accuracy_by_words_of(texts, labels):
    """What a linear model on single words and on pairs of words gets right on held-out texts."""
    X = CountVectorizer(ngram_range=(1, 2)).fit_transform(texts)
    model = RidgeClassifier().fit(X[:TRAIN], labels[:TRAIN])
    return model.score(X[TRAIN:], labels[TRAIN:])


@pytest.mark.parametrize("task", CLASS_NAMES)
def test_pairs_are_distinct_balanced_and_the_same_for_the_same_seed(task):
    first, second, labels = draw_pairs(task, ROWS)
    assert len(set(zip(first, second, strict=True))) == len(first) == len(second) == ROWS
    assert all(text.strip() for text in first + second)
    assert labels.dtype == np.int64
    assert len(set(np.bincount(labels, minlength=len(CLASS_NAMES[task])))) == 1
    assert draw_pairs(task, ROWS)[:2] == (first, second)
    assert draw_pairs(task, ROWS, seed=1)[0] != first


@pytest.mark.parametrize("task", CLASS_NAMES)
def test_how_many_words_two_texts_share_hardly_tells_the_label(task):
    first, second, labels = draw_pairs(task, ROWS)
    pairs = [(words(a), words(b)) for a, b in zip(first, second, strict=True)]
    shared = np.array([[len(a & b) / len(a | b), len(a & b)] for a, b in pairs])
    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(shared[:TRAIN], labels[:TRAIN])
    chance = 1 / len(CLASS_NAMES[task])
    assert tree.score(shared[TRAIN:], labels[TRAIN:]) < chance + 0.15


@pytest.mark.parametrize("task", CLASS_NAMES)
def test_the_words_of_one_text_or_of_both_thrown_together_hardly_tell_the_label(task):
    first, second, labels = draw_pairs(task, ROWS)
    both = [f"{a} {b}" for a, b in zip(first, second, strict=True)]
    for texts in (first, second, both):
        assert accuracy_by_words_of(texts, labels) < 1 / len(CLASS_NAMES[task]) + 0.1


def test_some_questions_with_the_same_words_ask_different_things():
    first, second, labels = draw_pairs("qqp", ROWS)
    same_words = np.array([words(a) == words(b) for a, b in zip(first, second, strict=True)])
    assert same_words[labels == 0].any()
    assert not same_words[labels == 1].any()
