import pytest


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """A cache folder of the module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_SUITE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
