"""The data of the config ``QUICK`` that each of these files has, and its rows."""

import sys

import pytest


@pytest.fixture(scope="module")
def experiment(request):
    return sys.modules[type(request.module.QUICK).__module__]


@pytest.fixture(scope="module")
def data(request, experiment):
    return experiment.load(request.module.QUICK)


@pytest.fixture(scope="module")
def rows(request, experiment, data):
    return experiment.split(request.module.QUICK, data)
