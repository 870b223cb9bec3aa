import numpy as np
import pytest
import tensorflow as tf

from keras_suite.serving.export import export
from keras_suite.tasks.fraud.fraud_cnn import fraud_cnn

ROWS = np.random.default_rng(0).normal(50, 20, (7, 29)).astype("float32")


@pytest.fixture
def model():
    return fraud_cnn(ROWS.mean(0), ROWS.var(0))


def export_fraud(model, folder):
    def serving_default(features):
        return {"fraud_probability": model(features)[:, 1]}

    export(model, serving_default, [tf.TensorSpec((None, 29), tf.float32, "features")], folder)


def test_the_export_gives_the_models_numbers(model, tmp_path):
    export_fraud(model, tmp_path / "fraud" / "1")
    served = tf.saved_model.load(str(tmp_path / "fraud" / "1")).signatures["serving_default"]
    found = served(features=tf.constant(ROWS))["fraud_probability"].numpy()
    assert np.abs(found - model.predict(ROWS, verbose=0)[:, 1]).max() <= 1e-6


def test_the_signature_names_shapes_and_dtypes(model, tmp_path):
    export_fraud(model, tmp_path / "1")
    signature = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    (features,) = signature.structured_input_signature[1].values()
    assert (features.name, features.shape.as_list(), features.dtype) == (
        "features",
        [None, 29],
        tf.float32,
    )
    assert signature.structured_outputs["fraud_probability"].shape.as_list() == [None]


def test_a_failed_export_leaves_no_version_behind(model, tmp_path):
    def broken(features):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        export(model, broken, [tf.TensorSpec((None, 29), tf.float32, "features")], tmp_path / "1")
    assert not list(tmp_path.iterdir())
