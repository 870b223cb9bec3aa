import json

import numpy as np
import pytest

from keras_suite.tasks.word_embeddings.answers import as_text, ask, diagnosis, measured
from keras_suite.tasks.word_embeddings.geometry import unit_vectors
from keras_suite.tasks.word_embeddings.questions import Analogy
from tests.tasks.word_embeddings.toy_words import QUESTIONS, toy_vectors


@pytest.fixture(scope="module")
def answers():
    return ask(toy_vectors(), QUESTIONS, 3)


def test_all_questions_are_answered_and_the_right_sign_alone_finds_the_queen(answers):
    assert list(map(len, answers["neighbours"].values())) == [3, 3]
    assert [word for word, _ in answers["triples"]["king"]] == ["queen", "dog"]
    assert answers["agreement"]["gender"] > 0.8
    assert answers["categories"]["nearest_shares_category"] == 1
    assert answers["left_out"] == []
    found = json.loads(json.dumps(answers))["analogies"]["man:woman::king"]
    right, wrong = found["right sign"], found["wrong sign"]
    assert (right["words"][0][0], right["rank"]) == (found["expected"], 1) == ("queen", 1)
    assert (wrong["words"][0][0], wrong["rank"]) == ("actor", 3)


def test_a_sum_is_close_to_the_answer_of_an_analogy_that_works_and_to_c_where_the_step_is_small():
    found = diagnosis(toy_vectors(), Analogy("man", "woman", "king"), 3)
    a, b, c = unit_vectors(toy_vectors(), ["man", "woman", "king"])
    total = (c + b - a) / np.linalg.norm(c + b - a)
    assert found["nearest"] == "queen"
    assert found["with its first answer"] > 0.9
    assert found["with its second word"] == pytest.approx(total @ b, abs=1e-6)
    assert found["with its third word"] == pytest.approx(total @ c, abs=1e-6)
    small = diagnosis(toy_vectors(), Analogy("dog", "dog", "king"), 3)  # a step of no length
    assert (small["nearest"], small["neighbours"]) == ("king", 3)
    assert small["with its third word"] == pytest.approx(1)


def test_the_figures_are_listed_by_what_they_are_of_and_the_text_is_indented(answers):
    figures = {what["model"]: values for what, values in measured(answers)}
    assert figures["man:woman::king, right sign"] == {"rank": 1}
    assert figures["man:woman::king, wrong sign"] == {"rank": 3}
    assert figures["gender"] == {"agreement": answers["agreement"]["gender"]}
    assert figures["categories"] == answers["categories"]
    signs = [f"dog:dogs::actor, {sign} sign" for sign in ("right", "wrong")]
    assert list(answers["failure"]["shared"]) == [*signs, "neighbours of actor"]
    assert figures["neighbours of actor"] == {"shared": 0}
    text = as_text(answers)
    assert "\ntriples:\n  king: queen 0.82, dog 0.00\n  man: cow 0.00, king 0.71\n" in text
    assert "\n    right sign:\n      rank: 1\n      words: queen" in text
    assert as_text({"nothing": "", "none": {}, "rank": None, "count": 0}) == "\ncount: 0"
    shown = as_text({"a\x1b[2J": [("b\x07\n", 0.5)], "نیم\u200cفاصله": "c\x9b"})
    assert shown == "\na?[2J: b?? 0.50\nنیم\u200cفاصله: c?"


def test_questions_about_unknown_words_are_left_out_and_the_words_named():
    answers = ask(toy_vectors("man", "woman", "king", "queen", "dog"), QUESTIONS, 2)
    assert answers["left_out"] == ["cow", "actor", "actress", "cows", "dogs"]
    assert list(answers["neighbours"]) == ["king"]
    assert list(answers["agreement"]) == ["gender"]
    assert answers["failure"] == {}
    nothing = ask(toy_vectors("men", "cows"), QUESTIONS, 1)
    assert measured(nothing) == []
    assert as_text(nothing).startswith("\nleft_out: king, cow,")
