import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from keras_suite.serving.protocol import DTYPES, Spec
from keras_suite.serving.rest import decode, encode
from tests.serving.server_json import tensor_of, written

NUMBERS = sorted(set(DTYPES.values()) - {"string", "float16"})
SHAPES = arrays.array_shapes(max_dims=4, max_side=4)


@st.composite
def any_array(draw) -> np.ndarray:
    if draw(st.booleans()):
        return draw(arrays.arrays(draw(st.sampled_from(NUMBERS)), SHAPES))
    texts = st.binary() | st.text()
    return draw(arrays.arrays(object, SHAPES, elements=texts, fill=st.nothing()))


def as_bytes(array: np.ndarray) -> np.ndarray:
    if array.dtype != object:
        return array
    flat = [each.encode() if isinstance(each, str) else each for each in array.flat]
    made = np.empty(len(flat), object)
    made[:] = flat
    return made.reshape(array.shape)


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(found, expected)
    if found.dtype.kind == "f":
        assert np.array_equal(np.signbit(found), np.signbit(expected)) or np.isnan(found).any()


def answer(values, dtype: str, key: str = "outputs") -> np.ndarray:
    body = json.dumps({key: values}).encode()
    return decode(body, {"y": Spec(dtype, None)})["y"]


@given(st.dictionaries(st.text(max_size=3), any_array(), min_size=1, max_size=3))
def test_what_is_encoded_decodes_to_itself(inputs):
    body = json.loads(encode(inputs))
    assert body.keys() == {"signature_name", "inputs"}
    assert body["signature_name"] == "serving_default"
    specs = {
        name: Spec("string" if each.dtype == object else each.dtype.name, None)
        for name, each in inputs.items()
    }
    values = body["inputs"] if len(inputs) > 1 else body["inputs"].popitem()[1]
    decoded = decode(json.dumps({"outputs": values}).encode(), specs)
    assert decoded.keys() == inputs.keys()
    for name, array in inputs.items():
        assert_same(decoded[name], as_bytes(array))


@given(any_array())
def test_a_server_reads_what_was_meant(array):
    """It refuses a float beyond its dtype's range, and an integer that is written as a float."""
    from tensorflow import dtypes

    sent = json.loads(encode({"x": array}))["inputs"]["x"]
    dtype = dtypes.string if array.dtype == object else dtypes.as_dtype(array.dtype)
    assert_same(tensor_of(sent, dtype.as_datatype_enum), as_bytes(array))


@given(any_array(), st.booleans())
def test_what_a_server_writes_is_read_to_the_bit(array, as_base64):
    array = as_bytes(array)
    body = f'{{"outputs": {written(array, as_base64)}}}'.encode("utf-8", "surrogateescape")
    dtype = "string" if array.dtype == object else array.dtype.name
    assert_same(decode(body, {"y": Spec(dtype, None)})["y"], array)


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([3.5, 4.0, 5.5], "float32", np.array([3.5, 4, 5.5], "f4")),
        ([[0.25], [1e-05]], "float64", np.array([[0.25], [1e-5]])),
        (["a", {"b64": "/wA="}], "string", np.array([b"a", b"\xff\x00"], object)),
        ([True, False], "bool", np.array([True, False])),
        ([2**64 - 1], "uint64", np.array([2**64 - 1], np.uint64)),
    ],
)
@pytest.mark.parametrize("key", ["outputs", "predictions"])
def test_a_sole_output_comes_without_its_name(key, values, dtype, expected):
    assert_same(answer(values, dtype, key), expected)


def test_the_tokens_that_json_does_not_have_are_numbers():
    body = b'{"predictions": [1.0, NaN, Infinity, -Infinity]}'
    found = decode(body, {"y": Spec("float32", (None,))})["y"]
    assert_same(found, np.array([1, np.nan, np.inf, -np.inf], "f4"))


@pytest.mark.parametrize(
    "body",
    [
        b'{"outputs": {"a": [1, 2], "b": [[0.5], [1.5]]}}',
        b'{"predictions": [{"a": 1, "b": [0.5]}, {"b": [1.5], "a": 2}]}',
    ],
)
def test_rows_and_columns_of_several_outputs_are_the_same(body):
    found = decode(body, {"a": Spec("int32", (None,)), "b": Spec("float32", (None, 1))})
    assert_same(found["a"], np.array([1, 2], np.int32))
    assert_same(found["b"], np.array([[0.5], [1.5]], np.float32))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"outputs": [[1], [1, 2]]}',
        b'{"predictions": ["x"]}',
        b'{"outputs": {}}',
    ],
)
def test_what_is_not_as_documented_is_refused(body):
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        decode(body, {"y": Spec("float32", None)})
