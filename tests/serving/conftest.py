import numpy as np
import pytest
import tensorflow as tf

from keras_suite.serving.predict import Predict
from tests.serving import tiny_models
from tests.serving.rest_server import rest_server
from tests.serving.toy_run import copied, make_run


@pytest.fixture(scope="session")
def kept_run(tmp_path_factory):
    """A finished run that no test may change."""
    return make_run(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def toy(kept_run, tmp_path):
    """A finished run, ``runs/toy/<its folder>``, for the test alone."""
    return copied(kept_run, tmp_path / "runs")


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """Folder of small exported models of every kind."""
    folder = tmp_path_factory.mktemp("models")
    tiny_models.export_all(folder)
    return folder


@pytest.fixture(scope="session")
def compute(exported):
    """Compute what an exported model gives."""

    def compute(name, **inputs):
        loaded = tf.saved_model.load(str(exported / name))
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        outputs = loaded.signatures["serving_default"](**tensors)
        return {key: np.array(value) for key, value in outputs.items()}

    return compute


@pytest.fixture
def server(exported):
    with rest_server(exported) as told:
        yield told


@pytest.fixture
def ask(exported, capsys):
    """Run the command on an exported model and return what it prints."""

    def ask(name, **flags):
        Predict(exported / name, **flags).run()
        return capsys.readouterr().out

    return ask
