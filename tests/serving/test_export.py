import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from keras_suite.serving.card import read_signature
from keras_suite.serving.examples import Examples
from keras_suite.serving.export import export
from keras_suite.serving.served import serve_images
from keras_suite.serving.warmup import write_warmup


def requests(file):
    """Read a file of warm-up requests with the published message."""
    records = tf.data.TFRecordDataset(str(file)).as_numpy_iterator()
    logs = [prediction_log_pb2.PredictionLog.FromString(record) for record in records]
    assert {log.WhichOneof("log_type") for log in logs} == {"predict_log"}
    return [log.predict_log.request for log in logs]


def test_the_export_gives_the_models_numbers_and_a_failed_one_leaves_nothing(tmp_path):
    layers = keras.layers.Flatten(), keras.layers.Dense(2), keras.layers.Dropout(0.9)
    model = keras.Sequential([keras.Input((2, 3)), *layers])
    images = np.random.default_rng(0).integers(0, 256, (7, 2, 3), np.uint8)
    served = serve_images(model, "Images in.", images, "embeddings")
    export(model, served.function, served.specs, tmp_path / "toy" / "1")
    loaded = tf.saved_model.load(str(tmp_path / "toy" / "1"))
    found = loaded.signatures["serving_default"](images=tf.constant(images))["embeddings"]
    np.testing.assert_allclose(found, model.predict(images, verbose=0), rtol=1e-5)
    inputs, outputs = read_signature(tmp_path / "toy" / "1")
    assert inputs == {"images": {"dtype": "uint8", "shape": [None, 2, 3]}}
    assert outputs == {"embeddings": {"dtype": "float32", "shape": [None, 2]}}

    def broken(images):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        export(model, broken, served.specs, tmp_path / "toy" / "2")
    assert [each.name for each in (tmp_path / "toy").iterdir()] == ["1"]


@pytest.mark.parametrize("in_one_dict", [False, True])
def test_the_first_rows_are_kept_with_what_the_signature_makes_of_them(tmp_path, in_one_dict):
    def function(*given):
        rows, words = given[0].values() if in_one_dict else given
        return {"twice": rows * 2, "same": words}

    specs = [tf.TensorSpec([None, 1], name="rows"), tf.TensorSpec([None], tf.string, name="words")]
    rows, words = np.arange(64, dtype="f4")[:, None], ["آب", "house"] * 32
    specs = [{spec.name: spec for spec in specs}] if in_one_dict else specs
    given = {"rows": rows, "words": np.array(words)}
    Examples.of(function, specs, given).save(tmp_path / "examples.npz")
    read = Examples.load(tmp_path / "examples.npz")  # without pickle
    assert len(read) == 32
    assert np.array_equal(read.inputs["rows"], rows[:32])
    assert np.array_equal(read.outputs["twice"], 2 * rows[:32])
    assert read.inputs["words"].tolist() == words[:32]
    assert [word.decode() for word in read.outputs["same"]] == words[:32]


def test_warm_up_requests_are_the_first_example_alone_and_all_in_one_batch(tmp_path):
    inputs = {
        "images": np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2),
        "ids": np.array([[1, 2], [3, 4], [5, 6]], np.int32),
        "texts": np.array([b"one", b"", "نان".encode()]),
    }
    write_warmup(tmp_path / "requests", "toy", Examples(inputs, {}))
    for request, rows in zip(requests(tmp_path / "requests"), (1, 3), strict=True):
        spec = request.model_spec
        assert (spec.name, spec.signature_name) == ("toy", "serving_default")
        assert set(request.inputs) == set(inputs)
        for name, array in inputs.items():
            tensor = tf.make_ndarray(request.inputs[name])
            assert tensor.tolist() == array[:rows].tolist()
            assert tensor.dtype == array.dtype or name == "texts"
