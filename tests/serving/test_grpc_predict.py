import sys

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

from keras_suite.errors import InputError
from keras_suite.serving.client import Client
from keras_suite.serving.grpc_predict import decode, encode
from tests.serving.test_rest import any_array, as_bytes, assert_same


@given(any_array())
def test_what_is_encoded_decodes_to_itself_through_the_published_messages(array):
    sent = PredictRequest.FromString(encode("model", 3, {"x": array}).SerializeToString())
    assert (sent.model_spec.name, sent.model_spec.version.value) == ("model", 3)
    assert sent.model_spec.signature_name == "serving_default"
    assert_same(tf.make_ndarray(sent.inputs["x"]), as_bytes(array))
    response = PredictResponse()
    response.outputs["y"].CopyFrom(sent.inputs["x"])
    response = PredictResponse.FromString(response.SerializeToString())
    assert_same(decode(response)["y"], as_bytes(array))


def test_without_a_version_the_server_chooses_it():
    sent = encode("model", None, {"x": np.ones(2)})
    assert not sent.model_spec.HasField("version")


def test_values_may_come_in_a_list_whose_last_one_stands_for_all_that_follow():
    response = PredictResponse()
    proto = response.outputs["y"]
    proto.dtype = tf.float32.as_datatype_enum
    for size in (2, 2):
        proto.tensor_shape.dim.add(size=size)
    proto.float_val.extend([0.1, 7])
    assert_same(decode(response)["y"], np.array([[0.1, 7], [7, 7]], "f4"))


def test_a_response_above_four_megabytes_is_taken(grpc, compute):
    words = np.full(300_000, "شاه", object)
    given = Client(grpc.address, "grpc").predict("words", {"words": words})
    assert len(given["neighbours"]) == 300_000
    huge = np.full((6, 500, 500, 3), 255, np.uint8)
    given = Client(grpc.address, "grpc").predict("photos", {"images": huge})
    assert_same(given["probabilities"], compute("photos", images=huge)["probabilities"])


def test_without_the_messages_installed_grpc_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    with pytest.raises(InputError, match=r"pip install -e '\.\[serving\]', or use --rest"):
        Client("localhost:8500", "grpc")
