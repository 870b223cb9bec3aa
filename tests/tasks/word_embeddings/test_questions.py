import pytest

from keras_suite.tasks.word_embeddings import questions
from keras_suite.tasks.word_embeddings.questions import Analogy, close_spellings, require_known
from tests.data.refusals import refused
from tests.tasks.word_embeddings.toy_words import QUESTIONS, random_vectors, toy_vectors


def test_an_analogy_is_read_as_it_is_written_and_what_is_none_is_refused():
    for text in ("a:b::c", "new york:b::é:d"):
        analogy = Analogy.parse(text)
        assert ":".join([str(analogy), *filter(None, [analogy.expected])]) == text
    for text in ("", "a:b:c", "a::b::c", "a:b::", "a:b::c:d:e", "a::b:c", ":b::c", "a:b:c::d"):
        with pytest.raises(ValueError, match="an analogy is written"):
            Analogy.parse(text)


def test_the_persons_questions_stand_before_the_reports():
    asked = questions.questions_with(("milk", "cow"), ("paris:france::berlin",))
    assert asked["words"][:3] == ["milk", "cow", "king"]
    assert asked["words"].count("cow") == 1
    assert list(map(str, asked["analogies"]))[:2] == ["paris:france::berlin", "man:woman::king"]
    assert asked["failing"] == [Analogy("young", "old", "cow")]


def test_only_questions_all_of_whose_words_are_known_are_kept():
    known = questions.known_to(toy_vectors("man", "woman", "king", "dog"), QUESTIONS)
    assert (known["words"], known["triples"], known["analogies"]) == (["king"], [], [])
    assert known["relations"] == {"gender": [["man", "woman"]], "plural": []}
    assert known["categories"] == {"people": ["man", "king"], "animals": ["dog"]}


def test_unknown_words_are_named_once_with_close_spellings_in_one_sentence():
    require_known(toy_vectors(), ["king", Analogy("man", "men", "cow")], "toys")
    sentence = r"'kingg' \(king\) and 'xyzzy' \(nothing is spelt like it\) in toys: choose other"
    with refused(sentence):
        require_known(toy_vectors(), ["kingg", "king", Analogy("xyzzy", "kingg", "cow")], "toys")
    # The closest one comes first, and of two forms only the more frequent one.
    assert close_spellings(toy_vectors(), "actres") == ["actress", "actor"]
    assert close_spellings(random_vectors(["Paris", "paris", "cow"]), "PARIS") == ["Paris"]
    many = random_vectors([*map(str, range(questions.FREQUENT)), "cow"], dimension=2)
    assert close_spellings(many, "cow") == []  # among the frequent ones there is none
