"""The analogy benchmark of word vectors, section by section, with two baselines.

Source: Mikolov et al., "Efficient Estimation of Word Representations in Vector Space", 2013, for
the questions; Linzen, "Issues in evaluating semantic spaces using word analogies", 2016, for the
baselines.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_suite.errors import InputError

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

Question = tuple[str, str, str, str]

WORDS_AT_A_TIME, QUESTIONS_AT_A_TIME = 4096, 1024  # their cosines stay in the processor's cache


@dataclass(frozen=True)
class SectionScore:
    """How many questions "a is to b as c is to d" of a section were answered by d.

    Args:
        name: of the section.
        asked: questions all of whose words have vectors.
        unknown: questions left out, for a word has none.
        correct: answered by the word closest to c + (b - a), which is not one of the three.
        wrong_sign: likewise by c - (b - a).
        neighbour: by the nearest neighbour of c, without any arithmetic.
    """

    name: str
    asked: int
    unknown: int
    correct: int
    wrong_sign: int
    neighbour: int

    def shares(self) -> dict[str, float]:
        """Return accuracies over the questions asked; none where none was."""
        if not self.asked:
            return {}
        return {
            "accuracy": self.correct / self.asked,
            "wrong_sign": self.wrong_sign / self.asked,
            "neighbour": self.neighbour / self.asked,
        }

    def counts(self) -> dict[str, int]:
        """Return how many questions were asked and how many left out."""
        return {"asked": self.asked, "unknown": self.unknown}


def read_questions(path: Path) -> dict[str, list[Question]]:
    """Read a file in the form of ``questions-words.txt``: ``: section`` lines, four words a line.

    Raises:
        InputError: naming file and line of what is neither.
    """
    sections: dict[str, list[Question]] = {}
    questions = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith(":"):
            questions = sections.setdefault(line[1:].strip(), [])
        elif questions is None or len(line.split()) != 4:
            raise InputError(f"{path}, line {number}: neither ': section' nor four words.")
        else:
            questions.append(tuple(line.split()))
    return sections


def score_analogies(
    keyed: "KeyedVectors",
    sections: Mapping[str, Sequence[Question]],
    among: int = 0,
    advance: Callable[[float], object] = lambda part: None,
) -> tuple[list[SectionScore], list[str]]:
    """Answer all questions, the upper and lower case of words aside.

    The answers are those of gensim's ``evaluate_word_analogies``, which takes several minutes for
    400,000 words.

    Args:
        keyed: the vectors.
        sections: questions by section.
        among: answers and words of questions are looked for among so many first words; 0: all.
        advance: called with each further part (0..1) that is done.

    Returns:
        The scores of each section, and the words of questions that have no vectors.
    """
    asked = list(chain(*sections.values()))
    # Of the forms a word has in upper and lower case, the first is the most frequent one.
    places: dict[str, list[int]] = {word.upper(): [] for question in asked for word in question}
    for place, word in enumerate(keyed.index_to_key[: among or None]):
        if word.upper() in places:
            places[word.upper()].append(place)
    is_known = np.array([all(places[word.upper()] for word in each) for each in asked], bool)
    known = [
        [places[word.upper()] for word in question]
        for question, all_known in zip(asked, is_known, strict=True)
        if all_known
    ]
    right = np.zeros((len(asked), 3), bool)
    if known:
        right[is_known] = _right(keyed, known, min(among or math.inf, len(keyed)), advance)
    scores, start = [], 0
    for name, questions in sections.items():
        rows = slice(start, start + len(questions))
        start = rows.stop
        number = int(is_known[rows].sum())
        correct = right[rows].sum(axis=0).tolist()
        scores.append(SectionScore(name, number, len(questions) - number, *correct))
    return scores, [word.lower() for word, found in places.items() if not found]


def totals(scores: Sequence[SectionScore]) -> list[SectionScore]:
    """Add up the sections on grammar, whose names begin with "gram", all others, and all."""
    syntactic = [each for each in scores if each.name.startswith("gram")]
    semantic = [each for each in scores if each not in syntactic]
    return [
        _total(semantic, "all semantic"),
        _total(syntactic, "all syntactic"),
        _total(scores, "all analogies"),
    ]


def _total(scores: Sequence[SectionScore], name: str) -> SectionScore:
    fields = "asked", "unknown", "correct", "wrong_sign", "neighbour"
    return SectionScore(name, *(sum(getattr(each, field) for each in scores) for field in fields))


def _right(
    keyed: "KeyedVectors",
    questions: list[list[list[int]]],
    among: int,
    advance: Callable[[float], object],
) -> np.ndarray:
    """Return whether each question is answered: in the right way, with the wrong sign, by c alone.

    Args:
        keyed: the vectors.
        questions: the places of each form of a, b, c and d, the most frequent one first.
        among: the vectors to look among, from the first on.
        advance: as above.

    Returns:
        ``[questions, 3]`` bool.
    """
    keyed.fill_norms()
    first = np.array([[forms[0] for forms in question] for question in questions])
    a, b, c = (_units(keyed, first[:, i]) for i in range(3))
    own = [list(chain(*question[:3])) for question in questions]
    words, back = np.unique(first[:, 2], return_inverse=True)
    forms_of = {question[2][0]: question[2] for question in questions}
    found = _nearest(
        keyed,
        np.concatenate([c + b - a, c - b + a, _units(keyed, words)]),
        own + own + [forms_of[word] for word in words],
        among,
        advance,
    )
    n = len(questions)
    answers = np.stack([found[:n], found[n : 2 * n], found[2 * n :][back]], axis=1)
    expected = [question[3] for question in questions]
    return np.array([np.isin(row, d) for row, d in zip(answers, expected, strict=True)])


def _units(keyed: "KeyedVectors", places: np.ndarray) -> np.ndarray:
    return keyed.vectors[places] / keyed.norms[places, None]


def _nearest(
    keyed: "KeyedVectors",
    targets: np.ndarray,
    excluded: list[list[int]],
    among: int,
    advance: Callable[[float], object],
) -> np.ndarray:
    """Return the place of the word closest to each target, apart from its excluded ones."""
    best = np.full(len(targets), -np.inf, np.float32)
    found = np.zeros(len(targets), np.int64)
    not_these = np.full((len(targets), max(map(len, excluded))), -1)
    for row, places in enumerate(excluded):
        not_these[row, : len(places)] = places
    for start in range(0, among, WORDS_AT_A_TIME):
        places = np.arange(start, min(start + WORDS_AT_A_TIME, among))
        units = _units(keyed, places).T
        for first in range(0, len(targets), QUESTIONS_AT_A_TIME):
            rows = slice(first, first + QUESTIONS_AT_A_TIME)
            cosines = targets[rows] @ units
            here = not_these[rows] - start
            row, column = np.nonzero((here >= 0) & (here < len(places)))
            cosines[row, here[row, column]] = -np.inf
            top = cosines.argmax(axis=1)
            value = cosines[np.arange(len(top)), top]
            closer = value > best[rows]
            best[rows][closer] = value[closer]
            found[rows][closer] = top[closer] + start
        advance(len(places) / among)
    return found
