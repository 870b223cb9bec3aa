import os
import signal
import urllib.request
from pathlib import Path

import hypothesis
import pytest

from keras_suite.terminal.quiet import start_tensorflow

start_tensorflow()
pytest.register_assert_rewrite("tests.contract.finished_run")

# A shell's background jobs are born deaf to it, and so would be what the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples every time, however slow the machine is at the moment.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.load_profile("suite")


def pytest_collection_modifyitems(items):
    """Begin with the longest, so that no worker is left alone with them in the end."""
    items.sort(key=lambda item: item.path.parent.name not in ("experiments", "tuning"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with the real data sets; tests that need it are skipped where it is not named."""
    folder = os.environ.get("KERAS_SUITE_REAL_DATA")
    if not folder:
        pytest.skip("KERAS_SUITE_REAL_DATA names no folder with the real data")
    return Path(folder)


@pytest.fixture
def own_cache(tmp_path, monkeypatch) -> Path:
    """The cache of downloaded data, empty, for one test alone."""
    monkeypatch.setenv("KERAS_SUITE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def no_network(monkeypatch):
    """A machine on which no address answers."""

    def unreachable(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
