"""Files that installed packages carry."""

import importlib.metadata
from pathlib import Path


def package_file(package: str, name: str) -> Path | None:
    """Find a file of an installed package without importing the package.

    Args:
        package: as pip calls it.
        name: of the file, whatever its folder in the package.

    Returns:
        Its path, or None where the package or the file is missing.
    """
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    paths = (Path(file.locate()) for file in files if file.name == name)
    return next((path for path in paths if path.is_file()), None)
