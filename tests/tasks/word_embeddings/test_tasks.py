import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_suite.tasks.word_embeddings.tasks import (
    Analogy,
    agreement,
    answer,
    answer_with_wrong_sign,
    cosines_with_step,
    diagnose,
    offsets,
    plane,
    separation,
    unit_vectors,
)
from tests.tasks.word_embeddings.toy_words import random_vectors, toy_vectors

GENDER = [("man", "woman"), ("king", "queen"), ("actor", "actress")]
WORDS = st.text(st.characters(codec="utf-8", exclude_characters=":"), min_size=1, max_size=6)


@given(st.lists(WORDS, min_size=3, max_size=4))
def test_an_analogy_is_read_as_it_is_written(words):
    a, b, c, *expected = words
    text = f"{a}:{b}::{c}" + "".join(f":{word}" for word in expected)
    analogy = Analogy.parse(text)
    assert analogy.words == tuple(words)
    assert str(analogy) == f"{a}:{b}::{c}"


@pytest.mark.parametrize(
    "text", ["", "king", "a:b:c", "a::b::c", "a:b::", "a:b::c:d:e", "a::b:c", ":b::c", "a:b:c::d"]
)
def test_what_is_no_analogy_is_refused(text):
    with pytest.raises(ValueError, match="analogy"):
        Analogy.parse(text)


def test_the_right_sign_finds_the_queen_and_the_wrong_one_does_not():
    analogy = Analogy("man", "woman", "king", "queen")
    right = answer(toy_vectors(), analogy, 3)
    wrong = answer_with_wrong_sign(toy_vectors(), analogy, 3)
    assert (right.words[0][0], right.rank) == ("queen", 1)
    assert right.words[0][1] > 0.9
    assert (wrong.words[0][0], wrong.rank) == ("actor", 3)


@pytest.mark.parametrize("seed", range(5))
def test_answers_are_those_of_gensim(seed):
    words = [f"w{i}" for i in range(60)]
    keyed = random_vectors(words, seed=seed)
    analogy = Analogy("w1", "w2", "w3", "w4")
    answers = answer(keyed, analogy, 56)
    gensims = keyed.most_similar(positive=["w2", "w3"], negative=["w1"], topn=57)
    assert [word for word, _ in answers.words] == [word for word, _ in gensims][:56]
    assert answers.words[0][1] == pytest.approx(gensims[0][1])
    assert gensims[answers.rank - 1][0] == "w4"


def test_without_an_expected_word_there_is_no_rank():
    assert answer(toy_vectors(), Analogy("man", "woman", "actor")).rank is None


def test_a_word_may_come_twice_in_an_analogy():
    assert "king" not in dict(answer(toy_vectors(), Analogy("king", "king", "king")).words)


def test_offsets_are_differences_of_unit_vectors():
    found = offsets(toy_vectors(), [("man", "woman"), ("dog", "cow")])
    half = np.sqrt(0.5)
    assert np.allclose(found[0], [half - 1, half, 0, 0, 0, 0])
    assert np.allclose(found[1], [0, half, 0, 0, half - 1, 0])
    assert offsets(toy_vectors(), []).shape == (0, 6)


def test_agreement_is_1_for_parallel_0_for_square_and_minus_1_for_opposite_offsets():
    x, y = np.float32([3, 0]), np.float32([0, 2])
    assert agreement(np.stack([x, 2 * x, 5 * x])) == pytest.approx(1)
    assert agreement(np.stack([x, y])) == pytest.approx(0)
    assert agreement(np.stack([x, -x])) == pytest.approx(-1)
    assert agreement(np.stack([x])) is None


def test_the_gender_pairs_agree_more_than_random_ones():
    keyed = toy_vectors()
    mixed = [("man", "dog"), ("cow", "queen"), ("actor", "men")]
    assert agreement(offsets(keyed, GENDER)) > 0.8 > agreement(offsets(keyed, mixed))


def test_a_plane_keeps_distances_where_two_components_are_all_there_is():
    words = ["man", "woman", "king", "queen"]
    points, shown = plane(toy_vectors(), words[:3])
    vectors = unit_vectors(toy_vectors(), words[:3])
    for i in range(3):
        for j in range(3):
            distance = np.linalg.norm(vectors[i] - vectors[j])
            assert np.linalg.norm(points[i] - points[j]) == pytest.approx(distance, abs=1e-5)
    assert shown == pytest.approx(1)
    assert plane(toy_vectors(), words)[1] < 1


def test_separate_categories_have_a_high_silhouette_and_mixed_ones_do_not():
    people, animals = ["man", "king", "queen"], ["cow", "dog", "cows"]
    apart = separation(toy_vectors(), {"people": people, "animals": animals})
    mixed = separation(toy_vectors(), {"a": ["man", "dog", "queen"], "b": ["king", "cow", "actor"]})
    assert apart["nearest_shares_category"] == 1
    assert apart["silhouette"] > 0.3 > mixed["silhouette"]


@pytest.mark.parametrize(
    "categories", [{}, {"people": ["man", "king"]}, {"a": ["man"], "b": ["cow"]}]
)
def test_what_cannot_be_told_apart_has_no_separation(categories):
    assert separation(toy_vectors(), categories) is None


def test_an_analogy_that_works_has_an_answer_close_to_the_sum():
    found = diagnose(toy_vectors(), Analogy("man", "woman", "king", "queen"), 3)
    a, b, c = unit_vectors(toy_vectors(), ["man", "woman", "king"])
    total = (c + b - a) / np.linalg.norm(c + b - a)
    assert found.analogy == "man:woman::king"
    assert found.nearest == "queen"
    assert found.cosine_to_answer > 0.9
    assert found.cosine_to_b == pytest.approx(total @ b, abs=1e-6)
    assert found.cosine_to_c == pytest.approx(total @ c, abs=1e-6)


def test_a_step_that_is_small_gives_the_neighbours_of_the_third_word():
    keyed = random_vectors([f"w{i}" for i in range(50)])
    keyed.vectors[1] = keyed.vectors[0] * 0.999 + keyed.vectors[1] * 0.001
    keyed.fill_norms(force=True)
    found = diagnose(keyed, Analogy("w0", "w1", "w2"), 5)
    assert found.nearest == "w2"
    assert found.cosine_to_c > 0.99
    assert found.neighbours >= 4
    assert found.answers == 5


def test_a_step_is_compared_with_all_pairs_but_itself():
    found = dict(cosines_with_step(toy_vectors(), ("man", "woman"), [*GENDER, ("dog", "dogs")]))
    assert list(found) == [*GENDER[1:], ("dog", "dogs")]
    first, second = offsets(toy_vectors(), GENDER[:2])
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    assert found["king", "queen"] == pytest.approx(cosine, abs=1e-6)
    assert found["king", "queen"] > 0.8 > abs(found["dog", "dogs"])


def test_without_pairs_there_is_nothing_to_compare():
    assert cosines_with_step(toy_vectors(), ("man", "woman"), []) == []
    assert cosines_with_step(toy_vectors(), ("man", "woman"), [("man", "woman")]) == []
