import numpy as np
import pytest

from keras_suite.serving.predictions import columns

CLASSES = ["real", "fake"]


def floats(*values) -> np.ndarray:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("outputs", "classes", "expected"),
    [
        (
            {"probabilities": floats([0.25, 0.75], [0.9, 0.1])}, CLASSES,
            {"class": ["fake", "real"], "probability": ["0.75", "0.9"]},
        ),
        (
            {"probabilities": floats([0.25, 0.75], [0.9, 0.1])}, None,
            {"class": ["1", "0"], "probability": ["0.75", "0.9"]},
        ),
        (
            {"probability": floats(0.75, 0.25, 0.5)}, CLASSES,
            {"class": ["fake", "real", "fake"], "probability": ["0.75", "0.75", "0.5"]},
        ),
        ({"probability": floats(0.75, 0.25)}, None, {"probability": ["0.75", "0.25"]}),
        ({"fraud_probability": floats(1e-10)}, CLASSES, {"fraud_probability": ["1e-10"]}),
        (
            {"embeddings": floats([1 / 3, 2], [0, -1])}, None,
            {"embeddings_1": ["0.33333334", "0.0"], "embeddings_2": ["2.0", "-1.0"]},
        ),
        (
            {"neighbours": np.array([["شاه".encode(), b"\xff"]], object)}, None,
            {"neighbours_1": ["شاه"], "neighbours_2": ["\ufffd"]},
        ),
        ({"answer": np.array(["Shiraz", ""], object)}, None, {"answer": ["Shiraz", ""]}),
    ],
)  # fmt: skip
def test_outputs_become_columns(outputs, classes, expected):
    assert columns(outputs, classes) == expected
