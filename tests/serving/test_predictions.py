import numpy as np

from keras_suite.serving.predictions import columns, sentences

CLASSES = ["real", "fake"]


def floats(*values) -> np.ndarray:
    return np.array(values, np.float32)


def test_the_most_probable_class_is_named_with_its_probability():
    outputs = {"probabilities": floats([0.25, 0.75], [0.9, 0.1])}
    assert columns(outputs, CLASSES) == {
        "class": ["fake", "real"],
        "probability": ["0.75", "0.9"],
    }
    assert columns(outputs, None)["class"] == ["1", "0"]
    assert sentences(outputs, CLASSES) == ["fake, probability 0.75", "real, probability 0.9"]


def test_one_probability_of_two_classes_is_that_of_the_second():
    outputs = {"probability": floats(0.75, 0.25, 0.5)}
    assert columns(outputs, CLASSES) == {
        "class": ["fake", "real", "fake"],
        "probability": ["0.75", "0.75", "0.5"],
    }
    assert sentences(outputs, CLASSES)[1] == "real, probability 0.75"
    assert columns(outputs, None) == {"probability": ["0.75", "0.25", "0.5"]}


def test_a_named_probability_stays_what_it_is():
    outputs = {"fraud_probability": floats(1e-10, 0.1)}
    assert columns(outputs, ["genuine", "fraud"]) == {"fraud_probability": ["1e-10", "0.1"]}
    assert sentences(outputs, ["genuine", "fraud"])[1] == "fraud_probability 0.1"


def test_vectors_are_numbers():
    outputs = {"embeddings": floats([1 / 3, 2], [0, -1])}
    assert columns(outputs, None) == {
        "embeddings_1": ["0.33333334", "0.0"],
        "embeddings_2": ["2.0", "-1.0"],
    }
    assert sentences(outputs, None) == ["embeddings 0.3333 2", "embeddings 0 -1"]


def test_words_stand_beside_their_numbers():
    words = np.array([["شاه".encode(), b"roi"]], object)
    outputs = {"neighbours": words, "cosines": floats([0.75, -0.5])}
    assert columns(outputs, None) == {
        "neighbours_1": ["شاه"],
        "neighbours_2": ["roi"],
        "cosines_1": ["0.75"],
        "cosines_2": ["-0.5"],
    }
    assert sentences(outputs, None) == ["شاه 0.75, roi -0.5"]


def test_no_answer_is_said_in_a_line_and_empty_in_a_table():
    outputs = {"answer": np.array(["Shiraz", ""], object)}
    assert columns(outputs, None) == {"answer": ["Shiraz", ""]}
    assert sentences(outputs, None) == ["Shiraz", "(no answer)"]
