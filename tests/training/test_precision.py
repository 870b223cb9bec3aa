import keras
import numpy as np
import pytest

from keras_suite.adapters.apply import apply_lora
from keras_suite.adapters.config import LoRAConfig
from keras_suite.layers.transformers_tf import tf_keras
from keras_suite.models.encoders import random_encoder
from keras_suite.tasks.lora.text_classifier import head_names, text_classifier
from keras_suite.training.precision import computing_in, in_float32
from tests.layers.tiny import inputs


def build(precision):
    keras.utils.set_random_seed(0)
    with computing_in(precision):
        model = text_classifier(random_encoder(50, seed=0), classes=2)
        return apply_lora(model, LoRAConfig(r=2, modules_to_save=head_names(model)))


def test_bfloat16_computes_about_the_same_with_all_but_the_computing_in_float32():
    X, exact, short, rebuilt = inputs("bert"), *map(build, ("float32", "bfloat16", "float32"))
    exact_logits, logits = np.asarray(exact(X)), np.asarray(short(X))
    assert logits.dtype == np.float32
    assert not np.array_equal(logits, exact_logits)
    assert np.allclose(logits, exact_logits, atol=0.02)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    short.compile(keras.optimizers.Adam(0.01), loss, run_eagerly=True)
    short.fit(X, np.array([0, 1, 1]), epochs=3, verbose=0)
    assert {weight.dtype for weight in short.weights} == {"float32"}
    assert {v.dtype for v in short.optimizer.variables} <= {"float32", "int32", "int64"}
    trained = np.asarray(in_float32(short, rebuilt)(X))
    assert np.allclose(trained, short(X), atol=0.02)
    assert not np.allclose(trained, exact_logits)


def test_models_built_afterwards_compute_in_float32_even_after_an_error():
    with pytest.raises(ZeroDivisionError), computing_in("bfloat16"):
        raise ZeroDivisionError
    assert keras.config.dtype_policy().name == "float32"
    assert tf_keras.mixed_precision.global_policy().name == "float32"
