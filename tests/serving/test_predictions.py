import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.serving.predictions import columns

CLASSES = ["real", "fake"]
TWO = np.float32([[0.25, 0.75], [0.9, 0.1]])


@pytest.mark.parametrize(
    ("name", "values", "classes", "expected"),
    [
        ("probabilities", TWO, CLASSES, [["fake", "real"], ["0.75", "0.9"]]),
        ("probabilities", TWO, None, [["1", "0"], ["0.75", "0.9"]]),
        ("probability", TWO[0], CLASSES, [["real", "fake"], ["0.75", "0.75"]]),
        ("probability", np.float32([0.5]), CLASSES, [["fake"], ["0.5"]]),
        ("probability", TWO[0], None, {"probability": ["0.25", "0.75"]}),
        ("rare", np.float32([1e-10]), CLASSES, {"rare": ["1e-10"]}),
        ("e", np.float32([[1 / 3, 2], [0, -1]]), None,
         {"e_1": ["0.33333334", "0.0"], "e_2": ["2.0", "-1.0"]}),
        ("n", np.array([["شاه".encode(), b"\xff"]], object), None,
         {"n_1": ["شاه"], "n_2": ["\ufffd"]}),
        ("answer", np.array(["Shiraz", ""], object), None, {"answer": ["Shiraz", ""]}),
        ("answer", np.array(["=1+1", "-a\nb", "\x1b[2J\u200c"], object), None,
         {"answer": ["'=1+1", "'-a\nb", "?[2J\u200c"]}),
        ("probabilities", TWO, ["@a", "+\x07"], [["'+?", "'@a"], ["0.75", "0.9"]]),
    ],
)  # fmt: skip
def test_outputs_become_columns(name, values, classes, expected):
    if isinstance(expected, list):
        expected = dict(zip(("class", "probability"), expected, strict=True))
    assert columns({name: values}, classes) == expected


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.float32([[0.1, 0.1, 0.8]]), "gives more classes than real, fake: export it again"),
        (np.float32([[np.nan, 0.5]]), "probabilities that are not numbers"),
        (np.float32([0.5, np.inf]), "probabilities that are not numbers"),
    ],
)
def test_probabilities_that_fit_no_classes_are_refused(values, said):
    with pytest.raises(InputError, match=said):
        columns({"probabilities": values}, CLASSES)
