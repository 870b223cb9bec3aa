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


def test_an_unknown_word_has_no_neighbours_and_a_vector_of_zeros_is_close_to_nothing():
    vectors = np.float32([[0, 0], [1, 0], [1, 1]])
    model = nearest_words(["pad", "a", "b"], vectors, count=2)
    outputs = model(tf.constant(["pad", "a", "nowhere", ""]))
    assert outputs["known"].numpy().tolist() == [True, True, False, False]
    assert texts(outputs["neighbours"])[1:] == [["b", "pad"], ["", ""], ["", ""]]
    close = [pytest.approx(0.5**0.5), 0]
    assert outputs["cosines"].numpy().tolist() == [[0, 0], close, [0, 0], [0, 0]]
    assert model(tf.zeros([0], tf.string))["neighbours"].shape == (0, 2)


@pytest.mark.parametrize("place", [0, 1, 51])
@pytest.mark.parametrize("token", ["[UNK]", "<unk>", "[MASK]", "#", "0", "-1", " "])
def test_a_word_that_is_a_token_elsewhere_is_a_word_like_any_other(token, place):
    words = [*WORDS[:place], token, *WORDS[place:-1]]
    asked = tf.constant(words)
    found = nearest_words(words, KEYED.vectors, 5)(asked)
    renamed = nearest_words(WORDS, KEYED.vectors, 5)(tf.constant(WORDS))
    assert found["known"].numpy().all()
    rows = [[words.index(word) for word in row] for row in texts(found["neighbours"])]
    assert rows == [[WORDS.index(word) for word in row] for row in texts(renamed["neighbours"])]


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
