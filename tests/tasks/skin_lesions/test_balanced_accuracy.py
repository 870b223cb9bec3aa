import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.tasks.skin_lesions.balanced_accuracy import BalancedAccuracy

CLASSES = 4
PAIRS = st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1))


@settings(max_examples=20)
@given(st.lists(st.lists(PAIRS, min_size=1, max_size=9), min_size=1, max_size=3))
def test_it_is_the_mean_recall_of_all_batches_together_whatever_the_weights(batches):
    metric = BalancedAccuracy(CLASSES)
    for batch in batches:
        labels, predicted = np.array(batch).T
        metric.update_state(labels, np.eye(CLASSES)[predicted], sample_weight=labels * 9.0)
    true, right = np.concatenate([np.array(batch) for batch in batches]).T
    right = true == right
    expected = np.mean([right[true == label].mean() for label in set(true)])
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)
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
