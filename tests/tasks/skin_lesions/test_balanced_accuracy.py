import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.tasks.skin_lesions.balanced_accuracy import BalancedAccuracy

CLASSES = 4


def measured(batches) -> float:
    metric = BalancedAccuracy(CLASSES)
    for labels, predicted in batches:
        metric.update_state(np.array(labels), np.eye(CLASSES, dtype="float32")[predicted])
    return float(metric.result())


label = st.integers(0, CLASSES - 1)


@settings(max_examples=30)
@given(st.lists(st.lists(st.tuples(label, label), min_size=1, max_size=9), min_size=1, max_size=3))
def test_it_is_the_mean_recall_of_all_batches_together(batches):
    pairs = np.array([pair for batch in batches for pair in batch])
    true, right = pairs[:, 0], pairs[:, 0] == pairs[:, 1]
    expected = np.mean([right[true == label].mean() for label in set(true)])
    assert measured([np.array(batch).T for batch in batches]) == pytest.approx(expected, abs=1e-6)


def test_always_the_same_class_scores_one_part_in_the_classes_however_many_rows_it_has():
    assert measured([([0] * 90 + [1, 2, 3], [0] * 93)]) == pytest.approx(1 / 4)


def test_an_epoch_begins_at_nothing_and_weights_do_not_count():
    metric = BalancedAccuracy(CLASSES)
    metric.update_state([[0], [1]], np.eye(CLASSES)[[0, 0]], sample_weight=[0.0, 9.0])
    assert float(metric.result()) == 0.5
    metric.reset_state()
    assert float(metric.result()) == 0.0


def test_a_model_compiled_with_it_is_saved_and_loaded(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(CLASSES, activation="softmax")])
    loss = "sparse_categorical_crossentropy"
    model.compile("sgd", loss, metrics=[BalancedAccuracy(CLASSES)])
    X, y = np.ones((8, 2), "float32"), np.arange(8) % CLASSES
    before = model.evaluate(X, y, verbose=0, return_dict=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert loaded.evaluate(X, y, verbose=0, return_dict=True) == pytest.approx(before)
    assert before["balanced_accuracy"] == pytest.approx(1 / 4)
