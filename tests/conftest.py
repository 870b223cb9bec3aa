import functools
import os
import re
import signal
import urllib.request
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from keras_suite import cli
from keras_suite.terminal.quiet import start_tensorflow
from tests.experiments.processes import QuickRun

start_tensorflow()

SLOW_RUNS = "cifar10", "fake_news"  # which train several large networks

# A shell's background jobs are born deaf to it, and so would be what the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples every time, however slow the machine is at the moment.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.load_profile("suite")


def pytest_make_parametrize_id(val, argname):
    """Bytes name no test: packed ones change with the clock, and workers must find equal names."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(tryfirst=True)  # before marks select
def pytest_collection_modifyitems(items):
    """Begin with the longest, so that no worker is left alone with them in the end."""
    for item in items:
        if "quick_run" in item.fixturenames and _experiment(item.nodeid) in SLOW_RUNS:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.path.parent.name not in ("contract", "experiments", "tuning"))


def _experiment(nodeid: str) -> str | None:
    """Return the experiment that a test, or its file, is of."""
    names = "|".join(cli.experiment_names())
    found = re.search(rf"experiments/test_({names})\.py|contract/.*[\[-]({names})[\]-]", nodeid)
    return next(filter(None, found.groups())) if found else None


class _Scheduling(LoadScopeScheduling):
    """Lets the tests of an experiment, or of a file, share one process."""

    def _split_scope(self, nodeid: str) -> str:
        return _experiment(nodeid) or nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config, log):
    return _Scheduling(config, log)


def pytest_sessionfinish(session):
    """Fail where tests are skipped and none may be: the environment says so."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("KERAS_SUITE_SKIPS_FAIL") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = 1


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """A cache folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_SUITE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def quick_runs(tmp_path_factory) -> Callable[[str], QuickRun]:
    """Make the quick run of an experiment, once."""
    return functools.cache(lambda name: QuickRun(name, tmp_path_factory.mktemp(name)))


@pytest.fixture
def do(capfd):
    """Do a command in this process: exit code, standard output, standard error."""
    return lambda *arguments: (cli.main([str(each) for each in arguments]), *capfd.readouterr())


@pytest.fixture
def quick_run(request, quick_runs) -> QuickRun:
    """The quick run of the experiment that a test, or its file, names."""
    return quick_runs(_experiment(request.node.nodeid))


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
