"""Questions to word vectors, those of the report and a person's own."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from gensim.models import KeyedVectors

from keras_suite.errors import InputError

FREQUENT = 50_000  # spellings are looked for among so many words; the frequent ones come first


class Analogy(NamedTuple):
    """The question: a is to b as c is to what? ``expected`` is "" where nobody knows."""

    a: str
    b: str
    c: str
    expected: str = ""

    @classmethod
    def parse(cls, text: str) -> "Analogy":
        """Read ``a:b::c`` or ``a:b::c:expected``; raise ValueError where it is neither."""
        words = re.fullmatch("([^:]+):([^:]+)::([^:]+)(?::([^:]+))?", text)
        if not words:
            raise ValueError(f"an analogy is written a:b::c or a:b::c:expected, not {text!r}")
        return cls(*words.groups(default=""))

    def __str__(self) -> str:
        return f"{self.a}:{self.b}::{self.c}"


def questions_with(words: Iterable[str], analogies: Iterable[str]) -> dict:
    """Put a person's words and analogies before the report's.

    Returns:
        ``words``: whose neighbours? ``triples``: is the first closer to the second, as it should
        be, or to the third? ``analogies``, and a ``failing`` one. By name: ``relations``: do their
        pairs lie apart by one step? ``steps``: like theirs; ``categories``: does each lie apart?
    """
    file = Path(__file__).with_name("report_questions.json")
    questions = json.loads(file.read_text(encoding="utf-8"))
    questions["words"] = list(dict.fromkeys([*words, *questions["words"]]))
    questions["analogies"] = [*map(Analogy.parse, [*analogies, *questions["analogies"]])]
    questions["failing"] = [*map(Analogy.parse, questions["failing"])]
    return questions


def words_of(questions: dict | list | tuple | str) -> Iterator[str]:
    """Yield all words of questions, however nested."""
    if isinstance(questions, str):
        yield from [questions] if questions else []
    else:
        for each in questions.values() if isinstance(questions, dict) else questions:
            yield from words_of(each)


def known_to(keyed: KeyedVectors, questions: dict | list) -> Any:
    """Return the questions all of whose words have vectors, in lists by the same names."""
    if isinstance(questions, dict):
        return {name: known_to(keyed, each) for name, each in questions.items()}
    return [each for each in questions if all(word in keyed for word in words_of(each))]


def unknown_to(keyed: KeyedVectors, questions: dict | list) -> list[str]:
    """Return the words that have no vector, each once."""
    return [word for word in dict.fromkeys(words_of(questions)) if word not in keyed]


def require_known(keyed: KeyedVectors, questions: list, called: str) -> None:
    """Raise InputError, with close spellings, where ``called`` vectors lack some of the words."""
    unknown = {word: close_spellings(keyed, word) for word in unknown_to(keyed, questions)}
    if unknown:
        listed = (
            f"{w!r} ({', '.join(c) or 'nothing is spelt like it'})" for w, c in unknown.items()
        )
        raise InputError(
            f"There is no vector for {' and '.join(listed)} in {called}: choose other words, or "
            "vectors that have these."
        )


def close_spellings(keyed: KeyedVectors, word: str) -> list[str]:
    """Return up to three frequent words spelt almost like ``word`` in any case, closest first."""
    known = {str(each).lower(): str(each) for each in reversed(keyed.index_to_key[:FREQUENT])}
    return [known[each] for each in difflib.get_close_matches(word.lower(), known, cutoff=0.7)]
