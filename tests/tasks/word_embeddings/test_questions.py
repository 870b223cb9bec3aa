import time

import pytest

from keras_suite.errors import InputError
from keras_suite.tasks.word_embeddings.questions import (
    Analogy,
    close_spellings,
    known_to,
    questions_with,
    require_known,
    unknown_to,
)
from tests.tasks.word_embeddings.toy_words import QUESTIONS, random_vectors, toy_vectors


@pytest.mark.parametrize("text", ["a:b::c", "new york:b::é:d"])
def test_an_analogy_is_read_as_it_is_written(text):
    analogy = Analogy.parse(text)
    assert ":".join([str(analogy), *filter(None, [analogy.expected])]) == text


@pytest.mark.parametrize(
    "text", ["", "king", "a:b:c", "a::b::c", "a:b::", "a:b::c:d:e", "a::b:c", ":b::c", "a:b:c::d"]
)
def test_what_is_no_analogy_is_refused(text):
    with pytest.raises(ValueError, match="an analogy is written"):
        Analogy.parse(text)


def test_the_persons_questions_stand_before_the_reports():
    asked = questions_with(("milk", "cow"), ("paris:france::berlin",))
    assert asked["words"][:3] == ["milk", "cow", "king"]
    assert asked["words"].count("cow") == 1
    assert [str(each) for each in asked["analogies"]][:2] == [
        "paris:france::berlin",
        "man:woman::king",
    ]
    assert asked["failing"] == [Analogy("young", "old", "cow")]


def test_only_questions_all_of_whose_words_are_known_are_kept():
    keyed = toy_vectors("man", "woman", "king", "dog")
    known = known_to(keyed, QUESTIONS)
    assert (known["words"], known["triples"], known["analogies"]) == (["king"], [], [])
    assert known["relations"] == {"gender": [["man", "woman"]], "plural": []}
    assert known["categories"] == {"people": ["man", "king"], "animals": ["dog"]}
    assert unknown_to(keyed, QUESTIONS) == ["cow", "queen", "actor", "actress", "cows", "dogs"]


def test_unknown_words_are_named_once_with_close_spellings_in_one_sentence():
    require_known(toy_vectors(), ["king", Analogy("man", "men", "cow")], "toys")
    with pytest.raises(InputError) as caught:
        require_known(toy_vectors(), ["kingg", "king", Analogy("xyzzy", "kingg", "cow")], "toys")
    assert str(caught.value) == (
        "There is no vector for 'kingg' (king) and 'xyzzy' (nothing is spelt like it) in "
        "toys: choose other words, or vectors that have these."
    )


def test_the_closest_spelling_comes_first_and_of_two_forms_the_more_frequent_one():
    assert close_spellings(toy_vectors(), "actres") == ["actress", "actor"]
    assert close_spellings(random_vectors(["Paris", "paris", "cow"]), "PARIS") == ["Paris"]


def test_a_large_vocabulary_is_searched_in_moments():
    keyed = random_vectors([f"word{i}" for i in range(200_000)], dimension=2)
    began = time.perf_counter()
    assert close_spellings(keyed, "wrod77")
    assert time.perf_counter() - began < 20
