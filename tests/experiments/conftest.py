from pathlib import Path

import pytest

from tests.contract.finished_run import QuickRun
from tests.experiments.processes import QUICK_SAMPLE, latest, run


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """A cache folder of the module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_SUITE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def quick_run(request, tmp_path_factory) -> QuickRun:
    """The quick preset of the module's experiment, run once, as a process."""
    experiment, flags = request.module.TestContract.experiment, request.module.TestContract.flags
    name, output = Path(experiment.__file__).stem, tmp_path_factory.mktemp("runs")
    done = run(name, *QUICK_SAMPLE, *flags, output=output)
    assert (done.returncode, done.stderr) == (0, "")
    return QuickRun(experiment, latest(output, name), done.stdout)
