import pytest

from tests.serving.served import (  # noqa: F401
    ask,
    ask_rest,
    compute,
    exported,
    grpc,
    models,
    rest,
    served,
)
from tests.serving.toy_run import copied, make_run


@pytest.fixture(scope="session")
def kept_run(tmp_path_factory):
    """A finished run that no test may change."""
    return make_run(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def toy(kept_run, tmp_path):
    """A finished run, ``runs/toy/<its folder>``, for the test alone."""
    return copied(kept_run, tmp_path / "runs")
