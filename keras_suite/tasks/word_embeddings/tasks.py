"""What word vectors are asked: which words are close, what completes an analogy, what pairs share.

Every function takes gensim's KeyedVectors and words that have vectors in it, and compares by the
cosine. Why analogies fail is diagnosed after Linzen, "Issues in evaluating semantic spaces using
word analogies", 2016.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

Pair = tuple[str, str]
Scored = list[tuple[str, float]]
"""Words and their cosines, the closest first."""


@dataclass(frozen=True)
class Analogy:
    """The question: a is to b as c is to what?

    Args:
        a: a word.
        b: a word.
        c: a word.
        expected: the right answer, or "" where there is none or nobody knows.
    """

    a: str
    b: str
    c: str
    expected: str = ""

    @classmethod
    def parse(cls, text: str) -> "Analogy":
        """Read ``a:b::c`` or ``a:b::c:expected``.

        Raises:
            ValueError: where it is written otherwise.
        """
        words = text.replace("::", ":").split(":")
        if text.count("::") != 1 or len(words) not in (3, 4) or not all(words):
            raise ValueError(f"an analogy is written a:b::c or a:b::c:expected, not {text!r}")
        if text.split("::")[0].count(":") != 1:
            raise ValueError(f"an analogy has two words before its double colon, unlike {text!r}")
        return cls(*words)

    @property
    def words(self) -> tuple[str, ...]:
        """All that must have vectors."""
        return tuple(word for word in (self.a, self.b, self.c, self.expected) if word)

    def __str__(self) -> str:
        return f"{self.a}:{self.b}::{self.c}"


@dataclass(frozen=True)
class Answers:
    """The words closest to a sum of vectors, its own words aside.

    Args:
        words: the closest, with their cosines.
        rank: of the expected word, 1 for the first; None where none is expected.
    """

    words: Scored
    rank: int | None


@dataclass(frozen=True)
class Diagnosis:
    """Where the sum of an analogy's vectors lies, c + (b - a) of unit vectors.

    Args:
        analogy: as it is written.
        nearest: the word closest to the sum where the analogy's own words are not left out.
        cosine_to_answer: of the sum and the first answer; low where nothing lies there.
        cosine_to_c: of the sum and c.
        cosine_to_b: of the sum and b.
        neighbours: how many of the answers are among as many nearest neighbours of c, which come
            out without any arithmetic.
        answers: how many there are.
    """

    analogy: str
    nearest: str
    cosine_to_answer: float
    cosine_to_c: float
    cosine_to_b: float
    neighbours: int
    answers: int


def answer(keyed: "KeyedVectors", analogy: Analogy, count: int = 10) -> Answers:
    """Answer an analogy as gensim does: by the words closest to c + (b - a)."""
    return _closest(keyed, [analogy.b, analogy.c], [analogy.a], analogy.expected, count)


def answer_with_wrong_sign(keyed: "KeyedVectors", analogy: Analogy, count: int = 10) -> Answers:
    """Answer by c - (b - a), a slip easily made in ``most_similar(positive=..., negative=...)``."""
    return _closest(keyed, [analogy.a, analogy.c], [analogy.b], analogy.expected, count)


def unit_vectors(keyed: "KeyedVectors", words: Sequence[str]) -> np.ndarray:
    """Return vectors of length 1, ``[words, dimension]`` float32."""
    return np.stack([keyed.get_vector(word, norm=True) for word in words])


def offsets(keyed: "KeyedVectors", pairs: Sequence[Pair]) -> np.ndarray:
    """Return the second word's unit vector minus the first's, ``[pairs, dimension]`` float32."""
    if not pairs:
        return np.zeros((0, keyed.vector_size), np.float32)
    firsts, seconds = zip(*pairs, strict=True)
    return unit_vectors(keyed, seconds) - unit_vectors(keyed, firsts)


def agreement(differences: np.ndarray) -> float | None:
    """Return the mean cosine of every two offsets; None for fewer than two.

    1 where a relation is one and the same step for all pairs, about 0 where the steps have nothing
    in common.

    Args:
        differences: of :func:`offsets`.
    """
    if len(differences) < 2:
        return None
    cosines = differences @ differences.T
    lengths = np.sqrt(cosines.diagonal())
    cosines = cosines / np.outer(lengths, lengths)
    return float(cosines[np.triu_indices(len(cosines), k=1)].mean())


def plane(keyed: "KeyedVectors", words: Sequence[str]) -> tuple[np.ndarray, float]:
    """Lay words into a plane by the first two principal components of their unit vectors.

    Returns:
        Points ``[words, 2]``, and the part (0..1) of the variance that the plane shows.
    """
    from sklearn.decomposition import PCA

    components = PCA(2, svd_solver="full")
    points = components.fit_transform(unit_vectors(keyed, words))
    return points, float(components.explained_variance_ratio_.sum())


def separation(
    keyed: "KeyedVectors", categories: Mapping[str, Sequence[str]]
) -> dict[str, float] | None:
    """Measure how far categories of words lie apart, in all dimensions.

    Returns:
        ``silhouette`` (by the cosine, -1..1) and ``nearest_shares_category``, the part of words
        whose nearest one among the others is of their own category. None for fewer than two
        categories, or where all words are in categories of their own.
    """
    from sklearn.metrics import silhouette_score

    labels = np.array([name for name, words in categories.items() for _ in words])
    if not 1 < len(set(labels)) < len(labels):
        return None
    vectors = unit_vectors(keyed, [word for words in categories.values() for word in words])
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -np.inf)
    return {
        "silhouette": float(silhouette_score(vectors, labels, metric="cosine")),
        "nearest_shares_category": float((labels[cosines.argmax(axis=1)] == labels).mean()),
    }


def diagnose(keyed: "KeyedVectors", analogy: Analogy, count: int = 10) -> Diagnosis:
    """Compare the ``count`` answers of an analogy with what its words have around them."""
    a, b, c = unit_vectors(keyed, [analogy.a, analogy.b, analogy.c])
    total = c + b - a
    total /= np.linalg.norm(total)
    answers = answer(keyed, analogy, count).words
    around = {word for word, _ in keyed.most_similar(analogy.c, topn=count)}
    return Diagnosis(
        analogy=str(analogy),
        nearest=keyed.similar_by_vector(total, topn=1)[0][0],
        cosine_to_answer=answers[0][1],
        cosine_to_c=float(total @ c),
        cosine_to_b=float(total @ b),
        neighbours=sum(word in around for word, _ in answers),
        answers=len(answers),
    )


def cosines_with_step(
    keyed: "KeyedVectors", step: Pair, pairs: Sequence[Pair]
) -> list[tuple[Pair, float]]:
    """Return the cosine of the offset of ``step`` with that of each other pair.

    High where these pairs lie apart by the same step; between two random offsets of GloVe's 50
    numbers it is 0.14 on average, whatever the sign.
    """
    others = [pair for pair in pairs if pair != step]
    if not others:
        return []
    first, *rest = offsets(keyed, [step, *others])
    lengths = np.linalg.norm(first) * np.linalg.norm(rest, axis=1)
    return list(zip(others, (np.array(rest) @ first / lengths).tolist(), strict=True))


def _closest(
    keyed: "KeyedVectors", positive: list[str], negative: list[str], expected: str, count: int
) -> Answers:
    cosines = keyed.most_similar(positive=positive, negative=negative, topn=None)
    cosines[[keyed.key_to_index[word] for word in positive + negative]] = -np.inf
    first = np.argsort(-cosines)[:count]
    rank = 1 + int((cosines > cosines[keyed.key_to_index[expected]]).sum()) if expected else None
    return Answers([(keyed.index_to_key[i], float(cosines[i])) for i in first], rank)
