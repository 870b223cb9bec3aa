"""Folders with signs in their names that TensorFlow takes for patterns."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIGNS = set("*?[\\") - {os.sep}


@contextmanager
def without_patterns(folder: Path) -> Iterator[Path]:
    """Give a path by which TensorFlow finds the weights in a folder, such as one in ``runs[1]/``.

    Its loader looks for their files by patterns, so that a folder with such signs in its path is
    given as a link in the system's temporary folder.
    """
    if not SIGNS.intersection(str(folder)):
        yield folder
        return
    with tempfile.TemporaryDirectory() as temporary:
        link = Path(temporary) / "model"
        link.symlink_to(folder.absolute(), target_is_directory=True)
        yield link
