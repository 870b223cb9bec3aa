import time

import pytest

from keras_suite.errors import InputError
from keras_suite.tasks.word_embeddings.known import close_spellings, require_known, unknown_words
from tests.tasks.word_embeddings.toy_words import random_vectors, toy_vectors


def test_known_words_are_let_through():
    require_known(toy_vectors(), ["king", "cow", "king"], "toys")


def test_unknown_words_are_named_once_with_close_spellings_in_one_sentence():
    with pytest.raises(InputError) as caught:
        require_known(toy_vectors(), ["kingg", "king", "xyzzy", "kingg"], "toys")
    assert str(caught.value) == (
        "There is no vector for 'kingg' (king) and 'xyzzy' (nothing is spelt like it) in "
        "toys: choose other words, or vectors that have these."
    )


def test_the_closest_spelling_comes_first():
    assert close_spellings(toy_vectors(), "actres") == ["actress", "actor"]
    assert close_spellings(toy_vectors(), "actres", most=1) == ["actress"]


def test_case_is_no_matter_and_of_two_forms_the_more_frequent_one_is_given():
    keyed = random_vectors(["Paris", "paris", "cow"])
    assert close_spellings(keyed, "PARIS") == ["Paris"]
    assert unknown_words(keyed, ["PARIS", "paris"]) == ["PARIS"]


def test_a_large_vocabulary_is_searched_in_moments():
    keyed = random_vectors([f"word{i}" for i in range(200_000)], dimension=2)
    began = time.perf_counter()
    assert close_spellings(keyed, "wrod77")
    assert time.perf_counter() - began < 10
