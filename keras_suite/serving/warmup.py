"""Requests that TF Serving answers for itself while it loads a model.

The first request of a fresh model is slow: TensorFlow plans and allocates on first use. TF Serving
replays ``assets.extra/tf_serving_warmup_requests`` before a version takes its first request
(https://www.tensorflow.org/tfx/serving/saved_model_warmup).
"""

from pathlib import Path

from keras_suite.serving.examples import Examples

FILE = "tf_serving_warmup_requests"


def write_warmup(file: Path, name: str, examples: Examples) -> None:
    """Write two requests to a model, the first example alone and all in one batch, as TFRecords."""
    import tensorflow as tf
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog  # pyright: ignore[reportAttributeAccessIssue]  # of the extra "serving"

    with tf.io.TFRecordWriter(str(file)) as records:
        for rows in (1, len(examples)):
            log = PredictionLog()
            request = log.predict_log.request
            request.model_spec.name = name
            request.model_spec.signature_name = "serving_default"
            for key, array in examples.inputs.items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(array[:rows]))
            records.write(log.SerializeToString())
