"""What a frozen prefix makes of rows, computed once and kept on disk."""

import hashlib
import importlib.metadata
import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from rich.filesize import decimal

from keras_suite.data.download import cache_folder
from keras_suite.data.length_buckets import TextRows
from keras_suite.data.split import Arrays
from keras_suite.errors import InputError
from keras_suite.terminal import files
from keras_suite.training.features import Features, features_of
from keras_suite.training.rows import ArrayRows, StoredRows, StoredTextRows, as_rows

SPARE = 1_000_000_000
"""Bytes of a drive that are left free, for what the run itself writes and for all others."""
OTHERWISE = "name another folder with KERAS_SUITE_CACHE, or train with --no-prefix-cache."


@dataclass(frozen=True)
class PrefixCache:
    """A folder of the features that frozen prefixes made of rows.

    A file's name is a SHA-256 of everything that decides its content: the layers and weights of
    the prefix, the rows, the dtype, the versions of the libraries and the code of our layers. None
    is ever deleted; one that was cut short is made anew.
    On disk, ``dtype`` float16 takes half the space and rounds to three digits.
    """

    folder: Path = field(default_factory=lambda: cache_folder() / "prefixes")
    dtype: Literal["float32", "float16"] = "float32"

    def rows(
        self,
        prefix: keras.Model,
        parts: Sequence[Arrays | ArrayRows | TextRows],
        announce: Callable[[str], object] = lambda sentence: None,
        advance: Callable[[float], object] = lambda part: None,
    ) -> list[StoredRows | StoredTextRows]:
        """Return each set's features, with its labels, to train a tail on in the same batches.

        Sets are texts or pairs of inputs and labels ``[n, ...]``. What is missing is computed
        first. That is one process's turn at a time, since it takes all cores anyway; the others
        wait, and find what they had waited for. ``announce`` is told how much space the features
        will take and where, or that another process has its turn; ``advance``, each further part
        (0..1) that is done.

        Raises:
            InputError: where there is too little space, the folder cannot be written, a feature is
                too large for float16, or the prefix does something else in training.
        """
        sets = [features_of(prefix, as_rows(part)) for part in parts]
        paths = [self.folder / f"{self._key(prefix, each)}.npy" for each in sets]
        by_path = dict(zip(paths, sets, strict=True))
        if not all(map(_is_whole, paths)):
            with self._writing(), self._turn(announce):
                missing = {path: by_path[path] for path in by_path if not _is_whole(path)}
                if missing:  # still, after the wait
                    every, these = (
                        sum(each.places for each in some.values()) for some in (by_path, missing)
                    )
                    self._fill(
                        prefix, missing, announce, lambda part: advance(part * these / every)
                    )
        return [features.rows(path) for path, features in zip(paths, sets, strict=True)]

    def sizes(self, prefix: keras.Model, parts: Sequence[Arrays | ArrayRows | TextRows]) -> dict:
        """Return the bytes that each set's features will take, by file, where it is not there yet.

        Raises:
            InputError: as :meth:`rows`, where features cannot be stored.
        """
        sets = [features_of(prefix, as_rows(part)) for part in parts]
        places = {self.folder / f"{self._key(prefix, each)}.npy": each.places for each in sets}
        missing = {path: count for path, count in places.items() if not _is_whole(path)}
        if not missing:
            return {}
        size = math.prod(self._shape(prefix, sets[0])) * np.dtype(self.dtype).itemsize
        return {path: count * size for path, count in missing.items()}

    def require_space(self, size: int) -> None:
        """Raise InputError where the folder has less space left than ``size`` bytes."""
        with self._writing():
            self.folder.mkdir(parents=True, exist_ok=True)
            free = max(0, shutil.disk_usage(self.folder).free - SPARE)
        if size > free:
            half = "halve it with --cache-dtype float16, " if self.dtype == "float32" else ""
            raise InputError(
                f"Storing what the frozen layers make of the rows takes {decimal(size)} and "
                f"{self.folder} has {decimal(free)} to spare: {half}{OTHERWISE}"
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = f"{self.folder} cannot be written ({error.strerror})"
            raise InputError(f"{why}: {OTHERWISE}") from error

    def _key(self, prefix: keras.Model, features: Features) -> str:
        arrays = [*prefix.weights, *features.deciding]
        shapes = [(tuple(array.shape), str(array.dtype)) for array in arrays]
        decides = _structure(prefix), shapes, self.dtype, _software()
        digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode())
        for array in arrays:
            # As bytes, for types such as bfloat16 that NumPy does not lend to others.
            digest.update(np.ascontiguousarray(array).view(np.uint8).data)
        return digest.hexdigest()

    @contextmanager
    def _turn(self, announce: Callable[[str], object]) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        lock, busy = self.folder / ".lock", f"Another process is filling {self.folder}: waiting."
        with ExitStack() as turn:
            try:
                turn.enter_context(files.held(lock, busy))
            except InputError:
                announce(busy)
                turn.enter_context(files.held(lock, busy, timeout=math.inf))
            files.sweep(self.folder)  # what lies half-written now is of the dead
            yield

    def _fill(
        self,
        prefix: keras.Model,
        missing: Mapping[Path, Features],
        announce: Callable[[str], object],
        advance: Callable[[float], object],
    ) -> None:
        dtype, every = np.dtype(self.dtype), missing.values()
        rows = sum(len(features.source) for features in every)
        places = sum(features.places for features in every)
        shape = self._shape(prefix, next(iter(every)))
        place_bytes = math.prod(shape) * dtype.itemsize
        self.require_space(places * place_bytes)
        announce(
            f"Storing what the frozen layers make of {rows:,} rows takes "
            f"{decimal(places * place_bytes)}, which stay in {self.folder} until you delete them."
        )
        header = {"descr": dtype.str, "fortran_order": False}
        next(iter(every)).trace()
        for path, features in missing.items():
            with files.whole(path) as partial, partial.open("wb") as file:
                whole = header | {"shape": (features.places, *shape)}
                np.lib.format.write_array_header_1_0(file, whole)
                start = file.tell()
                for place, some in features.compute():
                    file.seek(start + place * place_bytes)
                    file.write(self._stored(some).data)
                    advance(len(some) / places)

    def _shape(self, prefix: keras.Model, features: Features) -> tuple[int, ...]:
        """Compute a row's features for their shape, and in training, too, to compare them."""
        both = (prefix(features.some(), training=training) for training in (False, True))
        outputs, in_training = (self._stored(keras.ops.convert_to_numpy(each)) for each in both)
        if prefix.losses or not np.allclose(outputs, in_training):
            raise InputError(
                "In training the frozen layers make other features of a row or add to the loss, so "
                "their features cannot be stored: train with --no-prefix-cache."
            )
        return outputs.shape[2 if features.per_token else 1 :]

    def _stored(self, features) -> np.ndarray:
        try:
            with np.errstate(over="raise"):
                return features.astype(self.dtype, order="C")
        except FloatingPointError:
            raise InputError(
                "What the frozen layers make of the rows is too large for --cache-dtype float16: "
                "take float32."
            ) from None


@cache
def _software() -> list[str]:
    """Return the versions of the libraries that compute, and the SHA-256 of our own layers."""
    libraries = "keras", "tensorflow", "tf-keras", "transformers"
    package = Path(__file__).parents[1]
    files = sorted(file for part in ("layers", "models") for file in (package / part).glob("*.py"))
    layers = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return [*map(importlib.metadata.version, libraries), layers]


def _is_whole(path: Path) -> bool:
    """Whether a file is there and as long as its header says."""
    try:
        np.load(path, mmap_mode="r")  # which reads the header alone
    except (OSError, ValueError, EOFError):
        return False
    return True


def _structure(prefix: keras.Model) -> dict:
    """Return the model's config with numbers for names, which Keras counts up in a process."""
    parts = [*prefix.operations, *prefix._flatten_layers()]
    return _numbered(json.loads(prefix.to_json()), {part.name: i for i, part in enumerate(parts)})


def _numbered(config, numbers: Mapping[str, int]) -> Any:
    if isinstance(config, list):
        if len(config) == 3 and isinstance(config[0], str):  # a layer's name, node and tensor
            config = [numbers.get(config[0], config[0]), *config[1:]]
        return [_numbered(value, numbers) for value in config]
    if isinstance(config, dict):
        return {
            key: numbers.get(value, value) if key == "name" else _numbered(value, numbers)
            for key, value in config.items()
        }
    return config
