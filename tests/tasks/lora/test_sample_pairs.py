import re

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import RidgeClassifier
from sklearn.tree import DecisionTreeClassifier

from keras_suite.tasks.lora.sample_pairs import CLASS_NAMES, draw_pairs

ROWS = 1500
TRAIN, TEST = slice(1200), slice(1200, None)


@pytest.fixture(scope="module", params=CLASS_NAMES)
def drawn(request):
    return request.param, *draw_pairs(request.param, ROWS)


def words(text):
    return set(re.findall(r"\w+", text.lower()))


def test_pairs_are_distinct_balanced_and_the_same_for_the_same_seed(drawn):
    task, first, second, labels = drawn
    assert len(set(zip(first, second, strict=True))) == len(first) == len(second) == ROWS
    assert all(text.strip() for text in first + second)
    assert labels.dtype == np.int64
    assert set(np.bincount(labels)) == {ROWS // len(CLASS_NAMES[task])}
    again, others = draw_pairs(task, 60), draw_pairs(task, 60, seed=1)
    assert again[:2] == (first[:60], second[:60])
    assert again[0] != others[0]


def test_how_many_words_two_texts_share_hardly_tells_the_label(drawn):
    task, first, second, labels = drawn
    pairs = [(words(a), words(b)) for a, b in zip(first, second, strict=True)]
    X = np.array([[len(a & b) / len(a | b), len(a & b)] for a, b in pairs])
    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X[TRAIN], labels[TRAIN])
    assert tree.score(X[TEST], labels[TEST]) < 1 / len(CLASS_NAMES[task]) + 0.15
    if task == "qqp":  # some with the same words ask different things
        same_words = np.array([a == b for a, b in pairs])
        assert same_words[labels == 0].any()
        assert not same_words[labels == 1].any()


def test_the_words_of_one_text_or_of_both_thrown_together_hardly_tell_the_label(drawn):
    task, first, second, labels = drawn
    both = [f"{a} {b}" for a, b in zip(first, second, strict=True)]
    for texts in (first, second, both):
        X = CountVectorizer(ngram_range=(1, 2)).fit_transform(texts)
        model = RidgeClassifier().fit(X[TRAIN], labels[TRAIN])
        assert model.score(X[TEST], labels[TEST]) < 1 / len(CLASS_NAMES[task]) + 0.1
