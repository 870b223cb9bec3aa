"""Pretrained word vectors as gensim's KeyedVectors, ready in seconds once they are in the cache."""

import dataclasses
import hashlib
import importlib.metadata
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from keras_suite.data.download import NoNetworkError, cache_folder
from keras_suite.data.provenance import (
    Provenance,
    asks_for_sample,
    sha256_of_arrays,
    sha256_of_file,
)
from keras_suite.errors import InputError
from keras_suite.tasks.word_embeddings import glove_package, sample_word_vectors
from keras_suite.tasks.word_embeddings.gensim_downloads import downloaded_vectors, downloads_folder
from keras_suite.tasks.word_embeddings.word_vector_file import read_word_vectors
from keras_suite.terminal import files

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

FILE = "words.kv"


@dataclass(frozen=True)
class WordVectors:
    """Word vectors and where they came from.

    Args:
        keyed: gensim's KeyedVectors, float32, memory-mapped and read-only.
        name: what they are called in tables.
        provenance: its rows are words.
        notice: a sentence the person must see, or "".
    """

    keyed: "KeyedVectors"
    name: str
    provenance: Provenance
    notice: str = ""


def load_word_vectors(
    name: str = glove_package.NAME,
    kind: Literal["auto", "real", "sample"] = "auto",
    data_dir: Path | None = None,
) -> WordVectors:
    """Load word vectors from a file, an installed package or gensim's downloader.

    What was loaded once lies in the cache as gensim maps it into memory. A file that has changed
    is read anew.

    Args:
        name: "glove-50d" for the package of GloVe 6B, or a name in gensim's downloader.
        kind: "real" never falls back; "auto" falls back to vectors trained on a small corpus
            where the package or the network is missing; "sample" is those vectors.
        data_dir: a file as ``word_vector_file.read_word_vectors`` takes it, instead of a name.

    Raises:
        InputError: naming file and line of what is wrong, or what to install or fetch.
    """
    if asks_for_sample(kind, data_dir):
        return _sample()
    if data_dir is not None:
        return _from_file(Path(data_dir))
    try:
        if name == glove_package.NAME:
            return _glove()
        if Path(name).is_file() or Path(name).name != name:
            raise InputError(f"--vectors takes a name: give the file {name} with --data-dir.")
        return dataclasses.replace(_from_file(downloaded_vectors(name)), name=name)
    except glove_package.NoPackageError as error:
        if kind == "real":
            raise
        return _sample(f" ({error}.)")
    except NoNetworkError as error:
        if kind == "real":
            raise InputError(
                f"No real vectors here: {error}; run 'python -m gensim.downloader --download "
                f"{name}' on a machine with a network and put its folder "
                f"{name} into {downloads_folder()}, or name a file with --data-dir."
            ) from error
        return _sample(f" (No network: {error}.)")


def _sample(why: str = "") -> WordVectors:
    def make() -> tuple["KeyedVectors", Provenance]:
        keyed, source = sample_word_vectors.train_vectors(), sample_word_vectors.SOURCE
        sha256 = sha256_of_arrays(keyed.vectors)
        return keyed, Provenance(source, "sample", len(keyed), sha256)

    decides = sample_word_vectors.RECIPE | {"gensim": importlib.metadata.version("gensim")}
    keyed, provenance = _cached(f"sample-{_digest(json.dumps(decides))}", make)
    notice = (
        f"SAMPLE DATA: {provenance.rows:,} {provenance.source}; no figure below says anything "
        f"about pretrained ones.{why}"
    )
    return WordVectors(keyed, "sample", provenance, notice)


def _glove() -> WordVectors:
    sha256 = glove_package.SHA256[glove_package.VECTORS]

    def make() -> tuple["KeyedVectors", Provenance]:
        keyed = glove_package.glove_50d()
        return keyed, Provenance("GloVe 6B (50 numbers a word)", "real", len(keyed), sha256)

    return WordVectors(*_named(glove_package.NAME, f"{glove_package.NAME}-{sha256[:16]}", make))


def _from_file(path: Path) -> WordVectors:
    if not path.is_file():
        raise InputError(f"--data-dir {path} is no file: name a file of word vectors.")
    about = path.stat()

    def make() -> tuple["KeyedVectors", Provenance]:
        keyed = read_word_vectors(path)
        return keyed, Provenance(path.name, "real", len(keyed), sha256_of_file(path))

    key = _digest(f"{path.resolve()} {about.st_size} {about.st_mtime_ns}")
    return WordVectors(*_named(path.name, key, make))


def _named(name: str, key: str, make: Callable) -> tuple["KeyedVectors", str, Provenance]:
    keyed, provenance = _cached(key, make)
    return keyed, name, provenance


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _cached(
    key: str, make: Callable[[], tuple["KeyedVectors", Provenance]]
) -> tuple["KeyedVectors", Provenance]:
    """Return what ``make`` does, from the cache where it was made before."""
    from gensim.models import KeyedVectors

    folder = cache_folder() / "word_vectors" / key
    if not folder.is_dir():
        try:
            _fill(folder, make)
        except OSError as error:
            raise InputError(
                f"{folder} cannot be written ({error.strerror}): name another folder with "
                "KERAS_SUITE_CACHE."
            ) from error
    provenance = Provenance(**json.loads((folder / "provenance.json").read_text(encoding="utf-8")))
    return KeyedVectors.load(str(folder / FILE), mmap="r"), provenance


def _fill(folder: Path, make: Callable[[], tuple["KeyedVectors", Provenance]]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    # One at a time: whoever came second would replace what the first one already reads.
    with files.held(folder.parent / ".lock", "", timeout=math.inf):
        files.sweep(folder.parent)  # what lies half-written now is of the dead
        if folder.is_dir():
            return
        keyed, provenance = make()
        keyed.fill_norms()
        keyed.norms[keyed.norms == 0] = 1  # a word such as <pad> is then near to none, not to NaN
        with files.whole(folder) as partial:
            partial.mkdir()
            keyed.save(str(partial / FILE), separately=["vectors"])  # only these can be mapped
            text = json.dumps(dataclasses.asdict(provenance))
            (partial / "provenance.json").write_text(text, encoding="utf-8")
