"""Fixtures: small exported models, and servers of them."""

from pathlib import Path

import pytest
import tensorflow as tf

from keras_suite.serving.predict import Predict
from tests.serving import servers, tiny_models
from tests.serving.server_models import Models


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> Path:
    """Folder of small exported models of every kind."""
    folder = tmp_path_factory.mktemp("models")
    tiny_models.export_all(folder)
    return folder


@pytest.fixture(scope="session")
def models(exported) -> Models:
    return Models(exported)


@pytest.fixture(scope="session")
def compute(models):
    """Compute what a model gives, without a server."""

    def compute(name, version=None, **inputs):
        _, function, _ = models.find(name, version)
        outputs = function(**{key: tf.constant(value) for key, value in inputs.items()})
        return {key: value.numpy() for key, value in outputs.items()}

    return compute


@pytest.fixture
def rest(models):
    serving, stop = servers.start_rest(models)
    yield serving
    stop()


@pytest.fixture
def grpc(models):
    serving, stop = servers.start_grpc(models)
    yield serving
    stop()


@pytest.fixture(params=["rest", "grpc"])
def served(request):
    """A server and which of the protocols it speaks."""
    return request.getfixturevalue(request.param), request.param


@pytest.fixture
def ask(served, exported, capsys):
    """Run the command and return what it prints."""
    serving, protocol = served

    def ask(name, **flags):
        flags = {"retries": 0, "models": exported, protocol: serving.address} | flags
        Predict(name, **flags).run()
        return capsys.readouterr().out

    return ask


@pytest.fixture
def ask_rest(rest, exported, capsys):
    def ask(name, **flags):
        Predict(name, rest=rest.address, **{"retries": 0, "models": exported} | flags).run()
        return capsys.readouterr().out

    return ask
