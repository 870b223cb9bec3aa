import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.serving import batches
from keras_suite.serving.batches import in_batches


@pytest.mark.parametrize(
    ("max_rows", "max_bytes", "sizes"),
    [(4, 1000, [4, 4, 2]), (99, 1000, [10]), (99, 48, [3, 3, 3, 1]), (2, 16, [1] * 10)],
)
def test_all_rows_go_in_order_within_both_bounds(monkeypatch, max_rows, max_bytes, sizes):
    def double(inputs):
        found.append(len(inputs["x"]))
        return {"z": 2 * inputs["x"], "a": inputs["x"][:, 0]}

    monkeypatch.setattr(batches, "MAX_BYTES", max_bytes)
    rows, found = np.arange(20.0).reshape(10, 2), []
    outputs = in_batches(double, max_rows)({"x": rows})
    assert found == sizes
    assert list(outputs) == ["a", "z"]
    np.testing.assert_array_equal(outputs["z"], 2 * rows)
    np.testing.assert_array_equal(outputs["a"], rows[:, 0])


def test_a_row_above_the_bound_and_an_output_too_few_are_refused(monkeypatch):
    with pytest.raises(InputError, match="gives 2 y for 3 rows"):
        in_batches(lambda inputs: {"y": inputs["x"][1:]}, 9)({"x": np.zeros(3)})
    monkeypatch.setattr(batches, "MAX_BYTES", 16)
    for row in np.zeros((1, 3)), np.array([b"a" * 17], object), np.array(["ش" * 9], object):
        with pytest.raises(InputError, match=r"A row has \d+ bytes, but at most 16 go at once"):
            in_batches(lambda inputs: inputs, 9)({"x": row})
