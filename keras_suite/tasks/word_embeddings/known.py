"""Words that have no vector, and what the person may have meant."""

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from keras_suite.errors import InputError

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

FREQUENT = 50_000
"""Spellings are looked for among so many words; files begin with the frequent ones."""
CLOSE = 0.7


def require_known(keyed: "KeyedVectors", words: Iterable[str], called: str) -> None:
    """Do nothing where all words have vectors.

    Args:
        keyed: the vectors.
        words: to look for.
        called: what the vectors are called.

    Raises:
        InputError: naming those that have none, each with close spellings.
    """
    unknown = [
        f"{word!r} ({', '.join(close_spellings(keyed, word)) or 'nothing is spelt like it'})"
        for word in unknown_words(keyed, words)
    ]
    if unknown:
        raise InputError(
            f"There is no vector for {' and '.join(unknown)} in {called}: choose other words, or "
            "vectors that have these."
        )


def unknown_words(keyed: "KeyedVectors", words: Iterable[str]) -> list[str]:
    """Return the words that have no vector, each once, in their order."""
    return [word for word in dict.fromkeys(words) if word not in keyed]


def close_spellings(keyed: "KeyedVectors", word: str, most: int = 3) -> list[str]:
    """Return frequent words that are spelt almost like ``word``, the closest first.

    Upper and lower case count as the same.
    """
    frequent = reversed(keyed.index_to_key[:FREQUENT])
    known = {each.lower(): each for each in frequent}  # of several, the most frequent one
    found = difflib.get_close_matches(word.lower(), known, most, CLOSE)
    return [known[each] for each in found]
