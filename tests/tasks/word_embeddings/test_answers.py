import dataclasses
import json

import pytest

from keras_suite.tasks.word_embeddings.answers import as_text, ask, measured
from tests.tasks.word_embeddings.toy_words import QUESTIONS, toy_vectors


def test_all_questions_are_answered():
    answers = ask(toy_vectors(), QUESTIONS, 3)
    assert {word: len(found) for word, found in answers.neighbours.items()} == {"king": 3, "cow": 3}
    assert answers.triples[0][0] == "king"
    assert [word for word, _ in answers.triples[0][1]] == ["queen", "dog"]
    analogy, right, wrong = answers.analogies[0]
    assert (str(analogy), right.rank) == ("man:woman::king", 1)
    assert wrong.rank > 1
    assert answers.agreement["gender"] > 0.8
    assert answers.separation["nearest_shares_category"] == 1
    assert answers.left_out == []


def test_the_failing_analogy_stands_beside_the_others():
    failure = ask(toy_vectors(), QUESTIONS, 3).failure
    assert [each.analogy for each in failure.diagnoses] == ["dog:dogs::actor", "man:woman::king"]
    assert list(failure.steps) == ["dog – dogs", "man – woman"]
    assert [pair for pair, _ in failure.steps["man – woman"]] == QUESTIONS.relations["gender"][1:]
    near = failure.shared["the 3 nearest neighbours of actor"]
    assert "actress" in near


def test_the_text_says_what_was_found_and_what_goes_against_the_meaning():
    text = as_text(ask(toy_vectors(), QUESTIONS, 3))
    assert "king is closer to queen (0.82) than to dog (0.00)\n" in text
    assert "man is closer to king (0.71) than to cow (0.00), against what they mean" in text
    assert "man:woman::king:? with the right sign (queen at place 1): queen" in text
    same = "dog:dogs::actor:?, the same sum as dog:actor::dogs:?"
    assert f"the report's answers to {same}, are actress, king" in text
    assert "Left out" not in text


def test_questions_about_unknown_words_are_left_out_and_the_words_named():
    keyed = toy_vectors("man", "woman", "king", "queen", "dog")
    answers = ask(keyed, QUESTIONS, 2)
    assert answers.left_out == ["cow", "dogs", "actor", "actress", "cows"]
    assert list(answers.neighbours) == ["king"]
    assert [word for word, _ in answers.triples] == ["king"]
    assert answers.agreement == {"gender": pytest.approx(0.9, abs=0.1), "plural": None}
    assert answers.failure is None
    assert answers.separation is not None
    text = as_text(answers)
    assert "Left out, for they have no vectors\n  cow, dogs, actor, actress, cows" in text
    assert "plural" not in text
    assert "fails" not in text


def test_vectors_that_know_nothing_answer_nothing():
    known = QUESTIONS.known_to(toy_vectors("men"))
    assert known.vocabulary() == []
    answers = ask(toy_vectors("men"), QUESTIONS, 2)
    assert as_text(answers).startswith("Left out, for they have no vectors")


def test_answers_go_into_json():
    content = json.loads(json.dumps(dataclasses.asdict(ask(toy_vectors(), QUESTIONS, 3))))
    assert content["analogies"][0][0] == {
        "a": "man",
        "b": "woman",
        "c": "king",
        "expected": "queen",
    }
    assert content["analogies"][0][1]["words"][0][0] == "queen"
    assert content["failure"]["diagnoses"][0]["answers"] == 3


def test_the_figures_among_the_answers_are_listed_by_what_they_are_of():
    answers = ask(toy_vectors(), QUESTIONS, 3)
    figures = {(what["model"], what["protocol"]): values for what, values in measured(answers)}
    assert figures["man:woman::king", "right sign"] == {"rank": 1}
    assert figures["man:woman::king", "wrong sign"]["rank"] > 1
    assert figures["gender", ""] == {"agreement": answers.agreement["gender"]}
    assert figures["categories", ""] == answers.separation
    near = "the 3 nearest neighbours of actor"
    assert figures["dog:dogs::actor", near] == {"shared": len(answers.failure.shared[near])}
    assert {what["split"] for what, _ in measured(answers)} == {"tasks"}


def test_what_was_not_answered_has_no_figures():
    answers = ask(toy_vectors("men", "cow", "cows"), QUESTIONS, 2)
    assert measured(answers) == []
