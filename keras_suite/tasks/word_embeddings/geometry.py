"""What lies where, by the cosine: answers to analogies, steps between pairs, categories, planes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gensim.models import KeyedVectors
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from keras_suite.tasks.word_embeddings.questions import Analogy

Pair = Sequence[str]
Scored = list[tuple[str, float]]  # words and their cosines, the closest first


def answer(keyed: KeyedVectors, analogy: Analogy, count: int) -> dict:
    """Answer an analogy by the ``words`` closest to c + (b - a), and ``rank`` the expected one."""
    a, b, c, expected = analogy
    cosines: Any = keyed.most_similar(positive=[b, c], negative=[a], topn=None)  # pyright: ignore[reportArgumentType]
    cosines[[keyed.get_index(word) for word in (a, b, c)]] = -np.inf
    first = np.argsort(-cosines)[:count]
    rank = 1 + int((cosines > cosines[keyed.get_index(expected)]).sum()) if expected else None
    return {"rank": rank, "words": [(keyed.index_to_key[i], float(cosines[i])) for i in first]}


def unit_vectors(keyed: KeyedVectors, words: Sequence[str]) -> np.ndarray:
    """Return vectors of length 1, ``[words, dimension]`` float32."""
    return np.stack([keyed.get_vector(word, norm=True) for word in words])


def offsets(keyed: KeyedVectors, pairs: Sequence[Pair]) -> np.ndarray:
    """Return the second word's unit vector minus the first's, ``[pairs, dimension]`` float32."""
    firsts, seconds = zip(*pairs, strict=True)
    return unit_vectors(keyed, seconds) - unit_vectors(keyed, firsts)


def agreement(keyed: KeyedVectors, pairs: Sequence[Pair]) -> float:
    """Return the mean cosine of every two of several offsets: 1 for one and the same step."""
    steps = offsets(keyed, pairs)
    cosines = steps @ steps.T
    lengths = np.sqrt(cosines.diagonal())
    cosines = cosines / np.outer(lengths, lengths)
    return float(cosines[np.triu_indices(len(cosines), k=1)].mean())


def cosines_with_step(keyed: KeyedVectors, step: Pair, pairs: Sequence[Pair]) -> Scored:
    """Return the cosine of the offset of ``step`` with that of each other pair."""
    others = [pair for pair in pairs if pair != step]
    first, *rest = offsets(keyed, [step, *others])
    cosines = [float(each @ first / np.linalg.norm(first) / np.linalg.norm(each)) for each in rest]
    return list(zip(map(" – ".join, others), cosines, strict=True))


def plane(keyed: KeyedVectors, words: Sequence[str]) -> tuple[np.ndarray, float]:
    """Return two principal components of unit vectors, ``[words, 2]``, and their part of all."""
    components = PCA(2, svd_solver="full")
    points = components.fit_transform(unit_vectors(keyed, words))
    return points, float(components.explained_variance_ratio_.sum())


def separation(keyed: KeyedVectors, categories: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Measure how far categories of words lie apart, in all dimensions.

    Returns:
        ``silhouette`` (-1..1) and ``nearest_shares_category``, the part of words whose nearest
        one is of their own category; nothing for fewer than two categories or only single words.
    """
    labels = np.array([name for name, words in categories.items() for _ in words])
    if not 1 < len(set(labels)) < len(labels):
        return {}
    vectors = unit_vectors(keyed, [word for words in categories.values() for word in words])
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    return {
        "silhouette": float(silhouette_score(vectors, labels, metric="cosine")),
        "nearest_shares_category": float((labels[cosines.argmax(axis=1)] == labels).mean()),
    }
