import numpy as np
import pytest

from keras_suite.tasks.word_embeddings.geometry import (
    agreement,
    answer,
    cosines_with_step,
    offsets,
    plane,
    separation,
    unit_vectors,
)
from keras_suite.tasks.word_embeddings.questions import Analogy
from keras_suite.tasks.word_embeddings.word_vectors import keyed_vectors
from tests.tasks.word_embeddings.toy_words import QUESTIONS, random_vectors, toy_vectors

GENDER = QUESTIONS["relations"]["gender"]


@pytest.mark.parametrize("seed", range(5))
def test_answers_are_those_of_gensim(seed):
    keyed = random_vectors([f"w{i}" for i in range(60)], seed=seed)
    answers = answer(keyed, Analogy("w1", "w2", "w3", "w4"), 56)
    gensims = keyed.most_similar(positive=["w2", "w3"], negative=["w1"], topn=57)
    assert [word for word, _ in answers["words"]] == [word for word, _ in gensims][:56]
    assert answers["words"][0][1] == pytest.approx(gensims[0][1])
    assert gensims[answers["rank"] - 1][0] == "w4"


def test_without_an_expected_word_there_is_no_rank():
    assert answer(toy_vectors(), Analogy("man", "woman", "actor"), 3)["rank"] is None


def test_a_word_may_come_twice_in_an_analogy():
    found = answer(toy_vectors(), Analogy("king", "king", "king"), 10)["words"]
    assert "king" not in dict(found)


def test_offsets_are_differences_of_unit_vectors():
    half = np.sqrt(0.5)
    assert np.allclose(offsets(toy_vectors(), [("man", "woman")]), [half - 1, half, 0, 0, 0, 0])


def test_agreement_is_1_for_parallel_0_for_square_and_minus_1_for_opposite_steps():
    x, y, z = np.eye(3, dtype=np.float32)
    keyed = keyed_vectors("xyzXYZ", np.stack([x, y, z, -x, -y, -z]))
    assert agreement(keyed, ["xy", "YX"]) == pytest.approx(1)
    assert agreement(keyed, ["xy", "xY"]) == pytest.approx(0)
    assert agreement(keyed, ["xy", "yx"]) == pytest.approx(-1)
    assert agreement(toy_vectors(), GENDER) > 0.8


def test_a_step_is_compared_with_all_pairs_but_itself():
    found = dict(cosines_with_step(toy_vectors(), GENDER[0], [*GENDER, ["dog", "dogs"]]))
    assert list(found) == ["king – queen", "actor – actress", "dog – dogs"]
    first, second = offsets(toy_vectors(), GENDER[:2])
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    assert found["king – queen"] == pytest.approx(cosine, abs=1e-6)
    assert found["king – queen"] > 0.8 > abs(found["dog – dogs"])
    assert cosines_with_step(toy_vectors(), GENDER[0], []) == []


def test_a_plane_keeps_distances_where_two_components_are_all_there_is():
    words = ["man", "woman", "king"]
    points, shown = plane(toy_vectors(), words)
    vectors = unit_vectors(toy_vectors(), words)
    apart = [np.linalg.norm(of[:, None] - of, axis=2) for of in (points, vectors)]
    assert np.allclose(*apart, atol=1e-5)
    assert shown == pytest.approx(1)


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
    assert separation(toy_vectors(), categories) == {}
