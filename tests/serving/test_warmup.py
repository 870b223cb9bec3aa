import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from keras_suite.serving.examples import Examples
from keras_suite.serving.warmup import write_warmup

MOST_RECORDS = 1000
"""More than so many make TF Serving refuse a model."""
INPUTS = {
    "images": np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2),
    "ids": np.array([[1, 2], [3, 4], [5, 6]], np.int32),
    "texts": np.array([b"one", b"", "نان".encode()]),
}


def requests(file):
    """Read a file of requests with the published message."""
    records = tf.data.TFRecordDataset(str(file)).as_numpy_iterator()
    logs = [prediction_log_pb2.PredictionLog.FromString(record) for record in records]
    assert {log.WhichOneof("log_type") for log in logs} == {"predict_log"}
    return [log.predict_log.request for log in logs]


def test_the_requests_are_the_first_example_alone_and_all_in_one_batch(tmp_path):
    write_warmup(tmp_path / "requests", "toy", Examples(INPUTS, {}))
    found = requests(tmp_path / "requests")
    assert len(found) <= MOST_RECORDS
    for request, rows in zip(found, (1, 3), strict=True):
        assert request.model_spec.name == "toy"
        assert request.model_spec.signature_name == "serving_default"
        assert set(request.inputs) == set(INPUTS)
        for name, array in INPUTS.items():
            tensor = tf.make_ndarray(request.inputs[name])
            assert tensor.tolist() == array[:rows].tolist()
            assert tensor.dtype == array.dtype or name == "texts"
