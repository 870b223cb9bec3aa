import numpy as np
import pytest

from keras_suite.errors import InputError
from keras_suite.serving.batches import in_batches


@pytest.mark.parametrize(
    ("max_rows", "max_bytes", "sizes"),
    [(4, 1000, [4, 4, 2]), (99, 1000, [10]), (99, 48, [3, 3, 3, 1]), (2, 16, [1] * 10)],
)
def test_all_rows_go_in_order_within_both_bounds(max_rows, max_bytes, sizes):
    def double(inputs):
        found.append(len(inputs["x"]))
        return {"z": 2 * inputs["x"], "a": inputs["x"][:, 0]}

    rows, found = np.arange(20.0).reshape(10, 2), []
    (a, outputs_a), (z, outputs_z) = in_batches(double, max_rows, max_bytes)({"x": rows}).items()
    assert (found, a, z) == (sizes, "a", "z")
    np.testing.assert_array_equal(outputs_z, 2 * rows)
    np.testing.assert_array_equal(outputs_a, rows[:, 0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda x: x[1:], "gives 1 y for 2 rows"),
        (lambda x: x.sum(), "gives a single y for 2 rows"),
        (lambda x: x[:, None].repeat(1 + x[0] % 3, 1), "outputs of other shapes from batch to"),
    ],
)
def test_an_output_that_is_not_of_each_row_alike_is_refused(given, said):
    with pytest.raises(InputError, match=said):
        in_batches(lambda inputs: {"y": given(inputs["x"])}, 2)({"x": np.arange(4)})


def test_a_row_above_the_bound_is_refused():
    for row in np.zeros((1, 3)), np.array([b"a" * 17], object), np.array(["ش" * 9], object):
        with pytest.raises(InputError, match=r"A row has \d+ bytes, but at most 16 go at once"):
            in_batches(lambda inputs: inputs, 9, 16)({"x": row})
