import numpy as np
import tensorflow as tf

from keras_suite.serving.examples import EXAMPLES, Examples

ROWS = np.arange(2 * EXAMPLES, dtype=np.float32)[:, None]


def doubled(features):
    return {"twice": features * 2, "words": tf.strings.as_string(tf.cast(features, tf.int32))}


def test_the_first_rows_are_kept_with_what_the_signature_makes_of_them(tmp_path):
    specs = [tf.TensorSpec([None, 1], tf.float32, name="features")]
    Examples.of(doubled, specs, {"features": ROWS}).save(tmp_path / "examples.npz")
    read = Examples.load(tmp_path / "examples.npz")
    assert len(read) == EXAMPLES
    assert np.array_equal(read.inputs["features"], ROWS[:EXAMPLES])
    assert np.array_equal(read.outputs["twice"], 2 * ROWS[:EXAMPLES])
    assert read.outputs["words"].tolist() == [[b"%d" % row] for row in ROWS[:EXAMPLES, 0]]


def test_a_signature_of_one_dict_gets_one(tmp_path):
    specs = [{"features": tf.TensorSpec([None, 1], tf.float32, name="features")}]
    given = Examples.of(lambda inputs: doubled(**inputs), specs, {"features": ROWS[:3]})
    assert given.outputs["twice"].tolist() == [[0.0], [2.0], [4.0]]


def test_what_is_kept_is_read_without_pickle(tmp_path):
    specs = [tf.TensorSpec([None], tf.string, name="words")]
    words = np.array(["آب", "house"])
    given = Examples.of(lambda words: {"same": words}, specs, {"words": words})
    given.save(tmp_path / "examples.npz")
    read = Examples.load(tmp_path / "examples.npz")
    assert [word.decode() for word in read.outputs["same"]] == ["آب", "house"]
    assert read.inputs["words"].tolist() == ["آب", "house"]
