import numpy as np
import pytest

from keras_suite.tasks.word_embeddings import geometry
from keras_suite.tasks.word_embeddings.geometry import agreement, cosines_with_step, unit_vectors
from keras_suite.tasks.word_embeddings.questions import Analogy
from keras_suite.tasks.word_embeddings.word_vectors import keyed_vectors
from tests.tasks.word_embeddings.toy_words import QUESTIONS, random_vectors, toy_vectors

GENDER = QUESTIONS["relations"]["gender"]


def test_answers_are_those_of_gensim():
    keyed = random_vectors([f"w{i}" for i in range(60)])
    answers = geometry.answer(keyed, Analogy("w1", "w2", "w3", "w4"), 56)
    gensims = keyed.most_similar(positive=["w2", "w3"], negative=["w1"], topn=57)
    assert [word for word, _ in answers["words"]] == [word for word, _ in gensims][:56]
    assert answers["words"][0][1] == pytest.approx(gensims[0][1])
    assert gensims[answers["rank"] - 1][0] == "w4"
    twice = geometry.answer(keyed, Analogy("w1", "w1", "w1"), 59)
    assert twice["rank"] is None
    assert "w1" not in dict(twice["words"])


def test_agreement_is_1_for_parallel_0_for_square_and_minus_1_for_opposite_steps():
    x, y, z = np.eye(3, dtype=np.float32)
    keyed = keyed_vectors("xyzXYZ", np.stack([x, y, z, -x, -y, -z]))
    for pairs, cosine in ((["xy", "YX"], 1), (["xy", "xY"], 0), (["xy", "yx"], -1)):
        assert agreement(keyed, pairs) == pytest.approx(cosine)
    assert agreement(toy_vectors(), GENDER) > 0.8


def test_a_step_is_compared_with_all_pairs_but_itself():
    found = dict(cosines_with_step(toy_vectors(), GENDER[0], [*GENDER, ["dog", "dogs"]]))
    assert list(found) == ["king – queen", "actor – actress", "dog – dogs"]
    man, woman, king, queen = unit_vectors(toy_vectors(), ["man", "woman", "king", "queen"])
    first, second = woman - man, queen - king
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    assert found["king – queen"] == pytest.approx(cosine, abs=1e-6)
    assert found["king – queen"] > 0.8 > abs(found["dog – dogs"])
    assert cosines_with_step(toy_vectors(), GENDER[0], []) == []


def test_a_plane_keeps_distances_where_two_components_are_all_there_is():
    words = ["man", "woman", "king"]
    points, shown = geometry.plane(toy_vectors(), words)
    vectors = unit_vectors(toy_vectors(), words)
    apart = [np.linalg.norm(of[:, None] - of, axis=2) for of in (points, vectors)]
    assert np.allclose(*apart, atol=1e-5)
    assert shown == pytest.approx(1)


def test_separate_categories_have_a_high_silhouette_and_mixed_ones_do_not():
    people, animals = ["man", "king", "queen"], ["cow", "dog", "cows"]
    apart = geometry.separation(toy_vectors(), {"people": people, "animals": animals})
    both = {"a": ["man", "dog", "queen"], "b": ["king", "cow", "actor"]}
    mixed = geometry.separation(toy_vectors(), both)
    assert apart["nearest_shares_category"] == 1
    assert apart["silhouette"] > 0.3 > mixed["silhouette"]
    for too_few in ({}, {"people": ["man", "king"]}, {"a": ["man"], "b": ["cow"]}):
        assert geometry.separation(toy_vectors(), too_few) == {}
