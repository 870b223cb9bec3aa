"""One file of questions in the form of SQuAD version 2, checked.

Form: Rajpurkar, Jia and Liang, "Know What You Don't Know: Unanswerable Questions for SQuAD", ACL
2018.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import UnionType
from typing import Any

from keras_suite.data.reading import read_text_bytes, reading
from keras_suite.errors import InputError

MISPLACED_SHARE = 0.01  # of a file's answers, up to which they are left out
ODD_SHARE = 0.01  # of its questions, likewise
JSON_TYPES = {list: "a list", str: "a text", int: "a whole number", bool: "true or false"}
JSON_TYPES |= {str | int: "a text or a whole number"}
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Answer:
    """A stretch of the context that answers the question; it starts at a character from 0."""

    text: str
    start: int

    @property
    def span(self) -> tuple[int, int]:
        """The first character in the context, and the one after the last."""
        return self.start, self.start + len(self.text)


@dataclass(frozen=True)
class Question:
    """One question about one text, the context, which an article of that title holds.

    Its id is distinct in its file. The answers are the accepted ones in the file's order; the
    question is unanswerable where there are none.
    """

    id: str
    text: str
    context: str
    answers: tuple[Answer, ...]
    title: str

    @property
    def texts(self) -> list[str]:
        """The accepted answers."""
        return [answer.text for answer in self.answers]

    @property
    def is_answerable(self) -> bool:
        """Whether the context holds an answer."""
        return bool(self.answers)


@dataclass(frozen=True)
class QuestionFile:
    """The questions kept in the file's order, how many it has, and what was left out, or ""."""

    questions: list[Question]
    asked: int
    notice: str


def read_file(path: Path, called: str = "") -> QuestionFile:
    """Read and check one .json or .json.gz file, which messages call by its path by default.

    Raises:
        InputError: for a file that cannot be read, naming the place, and as
            :func:`parse_document`.
    """
    called = called or str(path)
    content = read_text_bytes(path, called, "JSON")
    with reading(called, "JSON"):
        document = json.loads(content)
    return parse_document(document, called)


def parse_document(document: object, called: str) -> QuestionFile:
    """Check what such a file holds; what SQuAD calls plausible answers is ignored.

    What tools leave out is read as it must be meant: articles without a title are different ones,
    ids may be numbers, and without ``is_impossible`` the answers tell, as it tells without answers.

    Left out are few odd questions (a missing key, a wrong type, an empty text, an id that is there
    twice, answers that contradict ``is_impossible``) and few answers that do not stand at their
    places in the context, and with them a question that has no other; the notice counts them.
    Messages call the file ``called``.

    Raises:
        InputError: naming article and paragraph of what is wrong with them; or article, paragraph
            and question where more than 1 % of the questions are odd; or saying that more than 1 %
            of the answers do not stand at their places.
    """
    ids: set[str] = set()
    odd: list[str] = []  # what is wrong with them
    kept, misplaced, answers = [], [], 0  # ids of the questions of misplaced answers
    for where, qa, context, title in _walk(document, called):
        try:
            question = _question(qa, context, title, where)
            if question.id in ids:
                raise InputError(
                    f"{where} (id {question.id!r:.40}): an earlier question has the same id; "
                    "give it another."
                )
        except InputError as error:
            odd.append(str(error))
            continue
        ids.add(question.id)
        answers += len(question.answers)
        placed = tuple(answer for answer in question.answers if _is_placed(answer, question))
        misplaced += [question.id] * (len(question.answers) - len(placed))
        if placed or not question.answers:
            kept.append(replace(question, answers=placed))
    asked = len(ids) + len(odd)
    if not asked:
        raise InputError(f"{called} holds no questions: fetch it again.")
    if len(odd) > ODD_SHARE * asked:
        raise InputError(odd[0])
    if len(misplaced) > MISPLACED_SHARE * answers:
        raise InputError(
            f"{called}: {len(misplaced):,} of {answers:,} answers do not stand at their "
            f"answer_start in the context, first one of question {misplaced[0]!r:.40}: fetch the "
            "file again, or count answer_start in characters from 0."
        )
    notice = _notice(called, len(misplaced), len(ids) - len(kept))
    if odd:
        notice = f"Odd questions left out: {len(odd)}, the first: {odd[0]} {notice}".rstrip()
    return QuestionFile(kept, asked, notice)


def _is_placed(answer: Answer, question: Question) -> bool:
    found = answer.start >= 0 and question.context.startswith(answer.text, answer.start)
    return found and bool(answer.text.strip())


def _notice(called: str, answers: int, questions: int) -> str:
    if not answers:
        return ""
    lost = f"; questions left out because no other answer remains: {questions}" if questions else ""
    return (
        f"{called}: answers left out because they do not stand at their places in the context: "
        f"{answers}{lost}."
    )


def _walk(document: object, called: str) -> Iterator[tuple[str, object, str, str]]:
    """Yield the place of each question, what stands there, its context and its title."""
    for i, article in enumerate(_get(document, "data", list, called), start=1):
        where = f"{called}, article {i}"
        title = str(_get(article, "title", str | int, where, "")) or f"article {i}"
        for j, paragraph in enumerate(_get(article, "paragraphs", list, where), start=1):
            where = f"{called}, article {i}, paragraph {j}"
            context = _get(paragraph, "context", str, where)
            for k, qa in enumerate(_get(paragraph, "qas", list, where), start=1):
                yield f"{where}, question {k}", qa, context, title


def _question(qa: object, context: str, title: str, where: str) -> Question:
    name = str(_get(qa, "id", str | int, where))
    where = f"{where} (id {name!r:.40})"
    text = _get(qa, "question", str, where)
    for what, content in (("question", text), ("context", context)):
        if not content.strip():
            raise InputError(f"{where}: the {what} is empty; fill it or leave the question out.")
    is_impossible = _get(qa, "is_impossible", bool, where, None)
    found = _get(qa, "answers", list, where, *([[]] if is_impossible else []))
    answers = tuple(
        Answer(_get(each, "text", str, where), _get(each, "answer_start", int, where))
        for each in found
    )
    if is_impossible:  # some tools write an empty answer then
        answers = tuple(answer for answer in answers if answer.text)
    if is_impossible == bool(answers):
        found = "true but there are" if answers else "false but there are no"
        raise InputError(f"{where}: is_impossible is {found} answers; put one of the two right.")
    return Question(name, text, context, answers, title)


def _get(node: object, key: str, kind: type | UnionType, where: str, *default: Any) -> Any:
    """Return what a JSON object holds under a key, or the default where that is nothing or null."""
    if not isinstance(node, dict):
        raise InputError(f"{where}: an object with the key {key!r} was expected, not {node!r:.40}.")
    value = node.get(key)
    if value is None and default:
        return default[0]
    if key not in node:
        raise InputError(f"{where} lacks the key {key!r}: give a file in the form of SQuAD 2.0.")
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise InputError(f"{where}: {key!r} must be {JSON_TYPES[kind]}, not {value!r:.40}.")
    if isinstance(value, str) and SURROGATE.search(value):
        raise InputError(f"{where}: {key!r} holds half a character (\\ud800 to \\udfff): mend it.")
    return value
