"""Pretrained word vectors as gensim's KeyedVectors, ready in seconds once they are in the cache."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import gensim
import numpy as np
from gensim import downloader
from gensim.models import KeyedVectors

from keras_suite.data.download import cache_folder, require_answer, writing_to
from keras_suite.data.needs import Need
from keras_suite.data.provenance import Loaded, Provenance, sha256_of_arrays, sha256_of_file
from keras_suite.data.reading import reading
from keras_suite.data.source import Kind, load_data
from keras_suite.errors import InputError, in_a_line
from keras_suite.tasks.word_embeddings import glove_package, sample_word_vectors
from keras_suite.tasks.word_embeddings.word_vector_file import read_word_vectors
from keras_suite.terminal import files

VECTORS, WORDS = "vectors.npy", "words.json"  # in the cache


@dataclass(frozen=True)
class WordVectors(Loaded):
    """Word vectors, float32, memory-mapped and read-only; ``name`` is what tables call them."""

    keyed: KeyedVectors
    name: str


def needs(name: str) -> list[Need]:
    """Say where vectors are published: in a package, or by gensim's downloader."""
    if name == glove_package.NAME:
        return [Need(glove_package.SOURCE, glove_package.INSTALL, "69 MB", "PDDL 1.0")]
    place = Path(downloader.BASE_DIR, name, f"{name}.gz")
    return [Need(name, "https://github.com/piskvorky/gensim-data", "", "", place)]


def load(name: str, kind: Kind = "auto", data_dir: Path | None = None) -> WordVectors:
    """Load word vectors as :func:`keras_suite.data.source.load_data` does.

    Args:
        name: "glove-50d" for the package of GloVe 6B, or a name in gensim's downloader.
        kind: the sample is trained on few texts.
        data_dir: a file as ``word_vector_file.read_word_vectors`` takes it, instead of a name.
    """
    if Path(name).name != name or Path(name).is_file():
        raise InputError(f"--vectors takes a name: give the file {name} with --data-dir.")
    ways = {"sample": _sample, "read": _from_file}
    if name == glove_package.NAME:
        return load_data(kind, data_dir, **ways, fetch=_glove, remedy="install it")
    remedy = f"fetch it elsewhere with 'python -m gensim.downloader --download {name}'"
    return load_data(kind, data_dir, **ways, fetch=lambda: _downloaded(name), remedy=remedy)


def keyed_vectors(words: Sequence[str], vectors: np.ndarray) -> KeyedVectors:
    """Return gensim's KeyedVectors of different words and their vectors ``[words, dimension]``."""
    keyed = KeyedVectors(vectors.shape[1])
    keyed.index_to_key = list(words)
    keyed.key_to_index = {word: index for index, word in enumerate(words)}
    keyed.vectors = vectors  # add_vectors would copy what is mapped
    keyed.fill_norms()
    # A word such as <pad> is then near to none, not to NaN.
    keyed.norms[keyed.norms == 0] = 1  # pyright: ignore[reportOptionalSubscript]
    return keyed


def _sample() -> WordVectors:
    about = Provenance(sample_word_vectors.SOURCE, "sample", 0, "")
    recipe = f"{sample_word_vectors.RECIPE} {gensim.__version__}"
    return _cached("sample", about, sample_word_vectors.train_vectors, recipe)


def _glove() -> WordVectors:
    sha256 = glove_package.SHA256[glove_package.VECTORS]
    about = Provenance(glove_package.SOURCE, "real", 0, sha256)
    return _cached(glove_package.NAME, about, lambda: keyed_vectors(*glove_package.glove_50d()))


def _downloaded(name: str) -> WordVectors:
    """Read what gensim keeps in ``$GENSIM_DATA_DIR`` or ~/gensim-data, and checks by its MD5."""
    file = Path(downloader.BASE_DIR, name, f"{name}.gz")
    if not file.is_file():
        require_answer(downloader.DATA_LIST_URL)
        try:
            file = Path(downloader.load(name, return_path=True))
        except Exception as error:  # gensim raises bare Exception where the MD5 is another
            why, names = in_a_line(error), "'python -m gensim.downloader --info name'"
            raise InputError(f"{name} cannot be fetched ({why}): {names} lists all.") from error
    return replace(_from_file(file), name=name)


def _from_file(path: Path) -> WordVectors:
    with reading(str(path), "file of word vectors"):
        about = Provenance(path.name, "real", 0, sha256_of_file(path))
    return _cached(path.name, about, lambda: read_word_vectors(path))


def _cached(name: str, about: Provenance, make: Callable, recipe: str = "") -> WordVectors:
    """Return the KeyedVectors that ``make`` gives, cached for the same file or recipe.

    No pickle is ever in the cache, which others may write to.
    """
    key = hashlib.sha256(f"{about.source} {about.sha256} {recipe}".encode()).hexdigest()[:16]
    folder = cache_folder() / "word_embeddings" / key
    if (kept := _kept(folder)) is None:
        keyed = make()
        with writing_to(folder):
            with files.whole(folder / VECTORS) as partial:
                np.save(partial, keyed.vectors, allow_pickle=False)
            sha256 = about.sha256 or sha256_of_arrays(keyed.vectors)
            about = replace(about, rows=len(keyed), sha256=sha256)
            content = {"provenance": asdict(about), "words": keyed.index_to_key}
            files.write_text(folder / WORDS, json.dumps(content))  # comes last: then both are there
        kept = keyed_vectors(keyed.index_to_key, np.load(folder / VECTORS, "r")), about
    return WordVectors(kept[0], name, provenance=kept[1])


def _kept(folder: Path) -> tuple[KeyedVectors, Provenance] | None:
    """Read what the cache has, or return None where that is nothing, or damaged."""
    try:
        content = json.loads((folder / WORDS).read_text(encoding="utf-8"))
        vectors = np.load(folder / VECTORS, "r", allow_pickle=False)
        if len(content["words"]) != len(vectors):
            return None
        return keyed_vectors(content["words"], vectors), Provenance(**content["provenance"])
    except Exception:  # in one of many ways
        return None
