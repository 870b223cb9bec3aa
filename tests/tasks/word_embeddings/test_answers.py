import json

import numpy as np
import pytest

from keras_suite.tasks.word_embeddings.answers import as_text, ask, diagnosis, measured
from keras_suite.tasks.word_embeddings.geometry import unit_vectors
from keras_suite.tasks.word_embeddings.questions import Analogy
from tests.tasks.word_embeddings.toy_words import QUESTIONS, random_vectors, toy_vectors


@pytest.fixture(scope="module")
def answers():
    return ask(toy_vectors(), QUESTIONS, 3)


def test_all_questions_are_answered(answers):
    assert {word: len(found) for word, found in answers["neighbours"].items()} == {
        "king": 3,
        "cow": 3,
    }
    assert [word for word, _ in answers["triples"]["king"]] == ["queen", "dog"]
    assert answers["agreement"]["gender"] > 0.8
    assert answers["categories"]["nearest_shares_category"] == 1
    assert answers["left_out"] == []
    assert json.loads(json.dumps(answers))["analogies"]["man:woman::king"]["expected"] == "queen"


def test_the_right_sign_finds_the_queen_and_the_wrong_one_does_not(answers):
    found = answers["analogies"]["man:woman::king"]
    right, wrong = found["right sign"], found["wrong sign"]
    assert (right["words"][0][0], right["rank"]) == ("queen", 1)
    assert (wrong["words"][0][0], wrong["rank"]) == ("actor", 3)


def test_the_failing_analogy_stands_beside_the_others(answers):
    failure = answers["failure"]
    assert list(failure["sums"]) == ["dog:dogs::actor", "man:woman::king"]
    assert list(failure["steps"]) == ["dog – dogs", "man – woman"]
    assert list(dict(failure["steps"]["man – woman"])) == ["king – queen", "actor – actress"]
    assert list(failure["shared"]) == [
        *("dog:dogs::actor, right sign", "dog:dogs::actor, wrong sign", "neighbours of actor"),
    ]


def test_a_sum_is_close_to_the_answer_of_an_analogy_that_works():
    found = diagnosis(toy_vectors(), Analogy("man", "woman", "king"), 3)
    a, b, c = unit_vectors(toy_vectors(), ["man", "woman", "king"])
    total = (c + b - a) / np.linalg.norm(c + b - a)
    assert found["nearest"] == "queen"
    assert found["with its first answer"] > 0.9
    assert found["with its second word"] == pytest.approx(total @ b, abs=1e-6)
    assert found["with its third word"] == pytest.approx(total @ c, abs=1e-6)


def test_a_step_that_is_small_gives_the_neighbours_of_the_third_word():
    keyed = random_vectors([f"w{i}" for i in range(50)])
    keyed.vectors[1] = keyed.vectors[0] * 0.999 + keyed.vectors[1] * 0.001
    keyed.fill_norms(force=True)
    found = diagnosis(keyed, Analogy("w0", "w1", "w2"), 5)
    assert found["nearest"] == "w2"
    assert found["with its third word"] > 0.99
    assert found["neighbours"] >= 4


def test_the_figures_among_the_answers_are_listed_by_what_they_are_of(answers):
    figures = {what["model"]: values for what, values in measured(answers)}
    assert figures["man:woman::king, right sign"] == {"rank": 1}
    assert figures["man:woman::king, wrong sign"] == {"rank": 3}
    assert figures["gender"] == {"agreement": answers["agreement"]["gender"]}
    assert figures["categories"] == answers["categories"]
    assert figures["neighbours of actor"] == {"shared": 0}
    assert {what["group"] for what, _ in measured(answers)} == {"answers"}


def test_the_text_has_what_belongs_to_a_name_indented_below_it(answers):
    text = as_text(answers)
    assert "\ntriples:\n  king: queen 0.82, dog 0.00\n  man: cow 0.00, king 0.71\n" in text
    assert "\n    right sign:\n      rank: 1\n      words: queen" in text
    assert as_text({"nothing": "", "none": {}, "rank": None, "count": 0}) == "\ncount: 0"
    assert "left_out" not in text


def test_questions_about_unknown_words_are_left_out_and_the_words_named():
    answers = ask(toy_vectors("man", "woman", "king", "queen", "dog"), QUESTIONS, 2)
    assert answers["left_out"] == ["cow", "actor", "actress", "cows", "dogs"]
    assert list(answers["neighbours"]) == ["king"]
    assert list(answers["agreement"]) == ["gender"]
    assert answers["failure"] == {}
    assert "failure" not in as_text(answers)


def test_vectors_that_know_nothing_answer_nothing():
    answers = ask(toy_vectors("men", "cows"), QUESTIONS, 1)
    assert measured(answers) == []
    assert as_text(answers).startswith("\nleft_out: king, cow,")
