import os
from pathlib import Path

import hypothesis
import pytest

from keras_suite.quiet import start_tensorflow

start_tensorflow()

# The same examples every time, however slow the machine is at the moment.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with the real data sets; tests that need it are skipped where it is not named."""
    folder = os.environ.get("KERAS_SUITE_REAL_DATA")
    if not folder:
        pytest.skip("KERAS_SUITE_REAL_DATA names no folder with the real data")
    return Path(folder)
