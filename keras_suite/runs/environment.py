"""What a run ran on."""

import hashlib
import importlib.metadata
import os
import platform
import re
from pathlib import Path


def environment() -> dict[str, str | int | None]:
    """Return the versions of Python and of the packages that matter, the system and the CPU."""
    packages = "keras_suite", "tensorflow", "keras", "transformers", "numpy", "scikit-learn"
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in packages},
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
    }


def code_sha256(*files: Path) -> str:
    """Return the SHA-256 of this package's code and of some files beside it."""
    package, digest = Path(__file__).parents[1], hashlib.sha256()
    for file in [*sorted(package.rglob("*.py")), *files]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _cpu() -> str:
    try:
        return re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[0]
    except (OSError, IndexError):  # not Linux
        return platform.processor()
