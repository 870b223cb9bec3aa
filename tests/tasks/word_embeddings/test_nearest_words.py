import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_suite.serving.export import export
from keras_suite.tasks.word_embeddings.nearest_words import nearest_words
from tests.tasks.word_embeddings.toy_words import random_vectors

WORDS = [f"w{i}" for i in range(50)] + ["Köln", "at home"]
KEYED = random_vectors(WORDS)


@pytest.fixture(scope="module")
def model():
    return nearest_words(WORDS, KEYED.vectors, count=5)


def texts(tensor):
    return [[word.decode() for word in row] for row in tensor.numpy()]


def test_neighbours_are_those_of_gensim(model):
    outputs = model(tf.constant(WORDS))
    gensims = [KEYED.most_similar(word, topn=5) for word in WORDS]
    assert texts(outputs["neighbours"]) == [[word for word, _ in found] for found in gensims]
    cosines = [[cosine for _, cosine in found] for found in gensims]
    assert np.abs(outputs["cosines"] - np.array(cosines)).max() < 1e-6
    assert outputs["known"].numpy().all()
    assert model.trainable_weights == []


def test_an_unknown_word_has_no_neighbours_and_is_none(model):
    outputs = model(tf.constant(["w1", "nowhere", ""]))
    assert outputs["known"].numpy().tolist() == [True, False, False]
    assert texts(outputs["neighbours"])[1:] == [[""] * 5] * 2
    assert not outputs["cosines"].numpy()[1:].any()
    assert model(tf.zeros([0], tf.string))["neighbours"].shape == (0, 5)


def test_every_other_word_may_be_a_neighbour_and_a_vector_of_zeros_is_close_to_nothing():
    vectors = np.float32([[0, 0], [1, 0], [1, 1]])
    outputs = nearest_words(["pad", "a", "b"], vectors, count=2)(tf.constant(["pad", "a"]))
    assert texts(outputs["neighbours"])[1] == ["b", "pad"]
    assert outputs["cosines"].numpy().tolist() == [[0, 0], [pytest.approx(0.5**0.5), 0]]


def test_saved_and_exported_it_does_the_same(tmp_path, model):
    model.save(tmp_path / "model.keras")
    specs = [tf.TensorSpec([None], tf.string, name="words")]
    export(model, lambda words: model(words), specs, tmp_path / "serving" / "1")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    served = tf.saved_model.load(str(tmp_path / "serving" / "1")).signatures["serving_default"]
    asked = tf.constant(["w3", "Köln", "nowhere"])
    expected = model(asked)
    for outputs in (loaded(asked), served(words=asked)):
        assert texts(outputs["neighbours"]) == texts(expected["neighbours"])
        assert np.abs(outputs["cosines"] - expected["cosines"]).max() < 1e-6
