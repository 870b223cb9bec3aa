from dataclasses import dataclass

import numpy as np

from keras_suite.config import ExperimentConfig
from keras_suite.data.split import Split
from keras_suite.training.fit import run_fit
from keras_suite.training.variant import Variant
from tests.training.fits import make_fit, make_text_fit, make_text_rows


@dataclass(frozen=True)
class Config(ExperimentConfig):
    epochs: int = 2
    batch_size: int = 8


def rows(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(count)
    return rng.normal(size=(count, 5)).astype("float32"), rng.integers(0, 2, count)


SPLIT = Split(rows(40), rows(10), rows(20))
VARIANT = Variant("2, ADASYN", "clean", Config(seed=7), SPLIT, make_fit().model)


def test_the_fit_has_the_configs_sizes_and_a_name_that_is_a_file_name():
    fit = VARIANT.fit
    assert fit.name == "2-adasyn-clean-seed7"
    assert (fit.epochs, fit.batch_size, fit.seed) == (2, 8, 7)
    assert fit.model is VARIANT.network


def test_the_fit_sees_training_and_validation_rows_and_never_the_test():
    fit = VARIANT.fit
    assert (fit.train, fit.validation) == (SPLIT.train, SPLIT.validation)


def test_predictions_come_with_the_labels_of_every_part():
    run_fit(VARIANT.fit)
    assert list(VARIANT.predictions) == ["train", "validation", "test"]
    for part, (labels, outputs) in VARIANT.predictions.items():
        inputs, expected = SPLIT.parts()[part]
        assert labels is expected
        assert np.allclose(outputs, VARIANT.network(inputs), atol=1e-6)


def test_texts_are_predicted_as_arrays_are():
    split = Split(*(make_text_rows(count) for count in (12, 5, 7)))
    variant = Variant("text", "clean", Config(), split, make_text_fit().model)
    for part, (labels, outputs) in variant.predictions.items():
        assert labels is split.parts()[part].labels
        assert outputs.shape == (len(labels), 2)
