"""Pretrained word vectors as gensim's KeyedVectors, ready in seconds once they are in the cache."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gensim
import numpy as np
from gensim.models import KeyedVectors

from keras_suite.data import provenance as data
from keras_suite.data.download import NoNetworkError, cache_folder
from keras_suite.errors import InputError
from keras_suite.tasks.word_embeddings import glove_package, sample_word_vectors
from keras_suite.tasks.word_embeddings.gensim_downloads import downloaded_vectors
from keras_suite.tasks.word_embeddings.word_vector_file import read_word_vectors
from keras_suite.terminal import files


@dataclass(frozen=True)
class WordVectors:
    """Word vectors, float32, memory-mapped and read-only; ``name`` is what tables call them."""

    keyed: KeyedVectors
    name: str
    provenance: data.Provenance
    notice: str = ""


def load_word_vectors(
    name: str, kind: Literal["auto", "real", "sample"] = "auto", data_dir: Path | None = None
) -> WordVectors:
    """Load word vectors from a file, an installed package or gensim's downloader.

    Args:
        name: "glove-50d" for the package of GloVe 6B, or a name in gensim's downloader.
        kind: "real" never falls back; "auto" falls back to vectors trained on a small corpus
            where the package or the network is missing; "sample" is those vectors.
        data_dir: a file as ``word_vector_file.read_word_vectors`` takes it, instead of a name.

    Raises:
        InputError: naming the file and what is wrong, or what to install or fetch.
    """
    if data.asks_for_sample(kind, data_dir):
        return _sample()
    if data_dir is not None:
        return _from_file(Path(data_dir), Path(data_dir).name)
    try:
        if name == glove_package.NAME:
            return _cached(name, glove_package.SOURCE, str(glove_package.SHA256), _glove)
        if Path(name).name != name or Path(name).is_file():
            raise InputError(f"--vectors takes a name: give the file {name} with --data-dir.")
        return _from_file(downloaded_vectors(name), name)
    except (glove_package.NoPackageError, NoNetworkError) as error:
        if kind == "real":
            raise InputError(f"No real vectors here: {error}.") from error
        return _sample(f" ({error}.)")


def keyed_vectors(words: Sequence[str], vectors: np.ndarray) -> KeyedVectors:
    """Return gensim's KeyedVectors of different words and their vectors ``[words, dimension]``."""
    keyed = KeyedVectors(vectors.shape[1])
    keyed.index_to_key = list(words)
    keyed.key_to_index = {word: index for index, word in enumerate(words)}
    keyed.vectors = vectors  # add_vectors would copy what is mapped
    keyed.fill_norms()
    keyed.norms[keyed.norms == 0] = 1  # a word such as <pad> is then near to none, not to NaN
    return keyed


def _sample(why: str = "") -> WordVectors:
    def make() -> tuple[KeyedVectors, str]:
        keyed = sample_word_vectors.train_vectors()
        return keyed, data.sha256_of_arrays(keyed.vectors)

    source, recipe = sample_word_vectors.SOURCE, sample_word_vectors.RECIPE
    vectors = _cached("sample", source, f"{recipe} {gensim.__version__}", make)
    notice = (
        f"SAMPLE DATA: {len(vectors.keyed):,} {source}; no figure below says anything about "
        f"pretrained ones.{why}"
    )
    about = dataclasses.replace(vectors.provenance, kind="sample")
    return dataclasses.replace(vectors, provenance=about, notice=notice)


def _glove() -> tuple[KeyedVectors, str]:
    return keyed_vectors(*glove_package.glove_50d()), glove_package.SHA256[glove_package.VECTORS]


def _from_file(path: Path, name: str) -> WordVectors:
    if not path.is_file():
        raise InputError(f"--data-dir {path} is no file: name a file of word vectors.")

    def make() -> tuple[KeyedVectors, str]:
        return read_word_vectors(path), data.sha256_of_file(path)

    about = path.stat()
    decides = f"{path.resolve()} {about.st_size} {about.st_mtime_ns}"
    return _cached(name, path.name, decides, make)


def _cached(
    name: str, source: str, decides: str, make: Callable[[], tuple[KeyedVectors, str]]
) -> WordVectors:
    """Return what ``make`` does, from the cache where the same text decided over it before."""
    folder = cache_folder() / "word_embeddings" / hashlib.sha256(decides.encode()).hexdigest()[:16]
    vectors, words = folder / "vectors.npy", folder / "words.json"
    try:
        if not words.is_file():
            keyed, sha256 = make()
            with files.whole(vectors) as partial:
                np.save(partial, keyed.vectors, allow_pickle=False)
            about = data.Provenance(source, "real", len(keyed), sha256)
            content = {"provenance": dataclasses.asdict(about), "words": keyed.index_to_key}
            files.write_text(words, json.dumps(content))  # comes last: then both are there
        content = json.loads(words.read_text(encoding="utf-8"))
        mapped = np.load(vectors, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be used ({error.strerror}): name another folder with "
            "KERAS_SUITE_CACHE."
        ) from error
    keyed = keyed_vectors(content["words"], mapped)
    return WordVectors(keyed, name, data.Provenance(**content["provenance"]))
