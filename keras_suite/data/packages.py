"""Files that installed packages carry."""

import importlib.metadata
from pathlib import Path


def package_file(package: str, name: str) -> Path | None:
    """Return the path of a file, in whatever folder of a package as pip calls it, or None.

    The package is not imported.
    """
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    paths = (Path(file.locate()) for file in files if file.name == name)
    return next((path for path in paths if path.is_file()), None)
