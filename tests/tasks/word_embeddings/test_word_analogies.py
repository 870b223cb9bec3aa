import dataclasses

import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.tasks.word_embeddings import word_analogies
from keras_suite.tasks.word_embeddings.word_analogies import (
    SectionScore,
    read_questions,
    score_analogies,
    totals,
)
from tests.tasks.word_embeddings.toy_words import random_vectors, toy_vectors

GENDER = [("man", "woman", "king", "queen"), ("king", "queen", "actor", "actress")]


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(word_analogies, "WORDS_AT_A_TIME", 7)
    monkeypatch.setattr(word_analogies, "QUESTIONS_AT_A_TIME", 5)


def write(path, sections):
    lines = []
    for name, questions in sections.items():
        lines += [f": {name}", *(" ".join(question) for question in questions)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_right_answers_are_counted_beside_both_baselines():
    (score,), unknown = score_analogies(toy_vectors(), {"gender": GENDER})
    assert (score.name, score.asked, score.unknown, score.correct) == ("gender", 2, 0, 2)
    assert score.wrong_sign == 0
    nearest = [toy_vectors().most_similar(word, topn=1)[0][0] for word in ("king", "actor")]
    assert score.neighbour == sum(np.array(nearest) == ["queen", "actress"])
    assert unknown == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("among", [0, 40])
def test_every_section_is_scored_as_gensim_does(tmp_path, small_blocks, seed, among):
    draw = np.random.default_rng(seed)
    words = [f"w{i}" for i in range(60)] + ["W3", "W59", "Other"]
    keyed = random_vectors(words, dimension=3, seed=seed)
    names = [*(f"w{i}" for i in range(64)), "OTHER"]  # w60 to w63 are unknown
    sections = {
        name: [tuple(draw.choice(names, 4, replace=False)) for _ in range(40)] for name in "ab"
    }
    for a, b, c in draw.choice(names[:40], (20, 3)):  # chance alone would answer none rightly
        best = keyed.most_similar(positive=[b, c], negative=[a], topn=1)
        sections["b"].append((a, b, c, best[0][0].lower()))
    path = write(tmp_path / "questions.txt", sections)
    _, gensims = keyed.evaluate_word_analogies(str(path), restrict_vocab=among or len(words))
    scores, unknown = score_analogies(keyed, read_questions(path), among)
    for score, theirs in zip([*scores, totals(scores)[-1]], gensims, strict=True):
        assert score.correct == len(theirs["correct"])
        assert score.asked == len(theirs["correct"]) + len(theirs["incorrect"])
    assert sum(score.correct for score in scores) > 5
    assert {"w60", "w63"} <= set(unknown)
    assert ("w50" in unknown) == bool(among)


def test_the_wrong_sign_is_gensims_with_positive_and_negative_exchanged():
    keyed = random_vectors([f"w{i}" for i in range(30)], dimension=2)
    wrong = [
        keyed.most_similar(positive=["w0", f"w{i}"], negative=["w1"], topn=1)[0][0]
        for i in range(2, 30)
    ]
    questions = [("w0", "w1", f"w{i}", word) for i, word in enumerate(wrong, start=2)]
    (score,), _ = score_analogies(keyed, {"wrong": questions})
    assert score.wrong_sign == score.asked == 28


def test_case_is_no_matter_and_no_form_of_a_questions_own_words_is_an_answer():
    keyed = random_vectors(["man", "woman", "King", "king", "queen"])
    keyed.vectors[3] = keyed.vectors[2]
    target = keyed.vectors[2] / np.linalg.norm(keyed.vectors[2])
    keyed.vectors[4] = target + 0.1
    keyed.vectors[1] = keyed.vectors[0] * 1.0001
    keyed.fill_norms(force=True)
    (score,), unknown = score_analogies(keyed, {"a": [("MAN", "Woman", "KING", "Queen")]})
    assert (score.correct, score.neighbour, unknown) == (1, 1, [])


def test_questions_with_unknown_words_are_left_out_and_counted():
    questions = [*GENDER, ("man", "woman", "tsar", "tsarina")]
    (score,), unknown = score_analogies(toy_vectors(), {"gender": questions})
    assert (score.asked, score.unknown, score.correct) == (2, 1, 2)
    assert unknown == ["tsar", "tsarina"]


def test_a_section_without_known_words_has_no_accuracy():
    (score,), _ = score_analogies(toy_vectors(), {"cities": [("Rome", "Italy", "Oslo", "Norway")]})
    assert (score.asked, score.unknown) == (0, 1)
    assert score.shares() == {}


def test_sections_add_up_to_semantic_syntactic_and_all():
    semantic = SectionScore("family", 4, 1, 2, 0, 1), SectionScore("currency", 4, 9, 0, 1, 0)
    syntactic = SectionScore("gram8-plural", 6, 0, 3, 1, 2)
    assert totals([*semantic, syntactic]) == [
        SectionScore("all semantic", 8, 10, 2, 1, 1),
        dataclasses.replace(syntactic, name="all syntactic"),
        SectionScore("all analogies", 14, 10, 5, 2, 3),
    ]
    assert syntactic.shares() == {
        "accuracy": 3 / 6,
        "wrong_sign": 1 / 6,
        "neighbour": 2 / 6,
    }
    assert semantic[0].counts() == {"asked": 4, "unknown": 1}


def test_progress_adds_up_to_1(small_blocks):
    steps = []
    score_analogies(toy_vectors(), {"gender": GENDER}, advance=steps.append)
    assert sum(steps) == pytest.approx(1)
    assert len(steps) == 2


@pytest.mark.parametrize("content", ["a b c d\n", ": family\na b c\n", ": family\na b c d e\n"])
def test_a_line_that_is_no_question_is_named(tmp_path, content):
    path = tmp_path / "questions.txt"
    path.write_text(content)
    with pytest.raises(InputError, match=r"questions.txt, line [12]: neither"):
        read_questions(path)
