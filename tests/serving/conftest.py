import pytest
import tensorflow as tf

from keras_suite.serving.predict import Predict
from tests.experiments.processes import LOAD
from tests.serving import tiny_models
from tests.serving.rest_server import rest_server
from tests.serving.tables import table


@pytest.fixture(scope="session")
def kept_run(tmp_path_factory):
    """A finished run that no test may change."""
    return tiny_models.make_run(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def toy(kept_run, tmp_path):
    """A finished run, ``runs/toy/<its folder>``, for the test alone."""
    return tiny_models.copied(kept_run, tmp_path / "runs")


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """Folder of small exported models of every kind."""
    return tiny_models.export_all(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def compute(exported):
    """Compute what an exported model gives."""

    def compute(name, **inputs):
        tensors = {key: tf.constant(value) for key, value in inputs.items()}
        outputs = LOAD(str(exported / name)).signatures["serving_default"](**tensors)
        return {key: value.numpy() for key, value in outputs.items()}

    return compute


@pytest.fixture
def server(exported):
    with rest_server(exported) as told:
        yield told


@pytest.fixture
def ask(exported, capsys):
    """Run the command on an exported model and return the table that it prints, if any."""

    def ask(name, **flags):
        Predict(exported / name, **flags).run()
        printed = capsys.readouterr().out
        return table(printed) if printed else None

    return ask
