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

X = inputs("bert")


def build(precision):
    keras.utils.set_random_seed(0)
    with computing_in(precision):
        model = text_classifier(random_encoder(50, seed=0), classes=2)
        model = apply_lora(model, LoRAConfig(r=2, modules_to_save=head_names(model)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    return model


def test_bfloat16_computes_about_the_same_with_weights_and_logits_in_float32():
    exact, short = build("float32"), build("bfloat16")
    logits = [each.predict(X, verbose=0) for each in (exact, short)]
    assert logits[1].dtype == np.float32
    assert not np.array_equal(*logits)
    assert np.allclose(*logits, atol=0.02)
    assert {weight.dtype for weight in short.weights} == {"float32"}
    short.fit(X, np.array([0, 1, 1]), verbose=0)
    assert {v.dtype for v in short.optimizer.variables} <= {"float32", "int32", "int64"}


def test_what_is_trained_in_bfloat16_is_given_to_a_float32_model():
    trained = build("bfloat16")
    trained.fit(X, np.array([0, 1, 1]), epochs=3, verbose=0)
    model = in_float32(trained, build("float32"))
    assert np.allclose(model.predict(X, verbose=0), trained.predict(X, verbose=0), atol=0.02)
    assert not np.allclose(model.predict(X, verbose=0), build("float32").predict(X, verbose=0))


def test_models_built_afterwards_compute_in_float32_even_after_an_error():
    with pytest.raises(ZeroDivisionError), computing_in("bfloat16"):
        raise ZeroDivisionError
    assert keras.config.dtype_policy().name == "float32"
    assert tf_keras.mixed_precision.global_policy().name == "float32"
