"""Files of word vectors: GloVe's text form and word2vec's text and binary forms.

A text file has a line for each word: the word and its numbers, separated by spaces. word2vec's
files begin with a header of two whole numbers, how many words there are and how many numbers each
has; GloVe's have none. The binary form always has it, and 4-byte floats in the place of the text.
"""

import gzip
import re
import zlib
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from keras_suite.errors import InputError

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

Header = tuple[int, int]

HEAD_BYTES = 1 << 16
HEADER = re.compile(rb"(\d+) (\d+)\s*")
ROW = re.compile(rb"\S+( [-+.\w]+)+\s*", re.ASCII)
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # none in a text, some in almost any floats
WEB_PAGES = b"<!doctype", b"<html", b"<?xml"  # not every "<": GloVe has words such as <user>
ZIP = b"PK\x03\x04"


def read_word_vectors(path: Path) -> "KeyedVectors":
    """Read a file of word vectors, whichever of the forms above it has, or its ``.gz``.

    Returns:
        gensim's KeyedVectors, float32 ``[words, dimension]``, in the order of the file.

    Raises:
        InputError: naming file and line (binary: word) where a row is ragged, a number is none or
            not finite, a word comes twice or is not UTF-8, or the header says something else.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            words, vectors = _read(file, str(path))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path} is damaged or cut off ({error}): fetch it again.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    return keyed_vectors(words, vectors)


def keyed_vectors(words: Iterable[str], vectors: np.ndarray) -> "KeyedVectors":
    """Return gensim's KeyedVectors of different words and their vectors ``[words, dimension]``."""
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(vectors.shape[1])
    keyed.add_vectors(list(words), vectors)
    return keyed


def _read(file: BinaryIO, called: str) -> tuple[Iterable[str], np.ndarray]:
    head = file.read(HEAD_BYTES)
    _require_vectors(head, called)
    file.seek(0)
    first, _, rest = head.partition(b"\n")
    header = HEADER.fullmatch(first)
    if not header:
        return _read_text(file, None, called)
    sizes = int(header[1]), int(header[2])
    if min(sizes) < 1:
        raise InputError(f"{called}, line 1: the header says {first.decode()}: fetch it again.")
    file.readline()
    is_text = ROW.fullmatch(rest.partition(b"\n")[0]) and not CONTROL.search(rest)
    return (_read_text if is_text or not rest else _read_binary)(file, sizes, called)


def _require_vectors(head: bytes, called: str) -> None:
    """Refuse what is plainly something else."""
    if not head.strip():
        raise InputError(f"{called} is empty: fetch it again.")
    if head.lstrip().lower().startswith(WEB_PAGES):
        raise InputError(
            f"{called} is a web page, not a file of vectors (an error page?): fetch it again."
        )
    if head.startswith(ZIP):
        raise InputError(f"{called} is a zip archive: unpack it and name one of its files.")


def _read_text(file: BinaryIO, header: Header | None, called: str) -> tuple[dict, np.ndarray]:
    lines: dict[str, int] = {}
    numbers = array("f")
    dimension = header[1] if header else None
    for line, content in enumerate(file, start=2 if header else 1):
        where = f"{called}, line {line}"
        fields = content.rstrip().split(b" ")
        dimension = dimension or len(fields) - 1
        if not dimension:
            raise InputError(f"{where}: no numbers; give a file of word vectors.")
        name = fields[:-dimension]
        if len(name) != 1 and not _is_phrase(name):
            raise InputError(
                f"{where}: {len(fields) - 1} numbers instead of {dimension}{_expected(header)}."
            )
        _add(lines, _decoded(b" ".join(name), where), line, where, "line")
        try:
            numbers.extend(map(float, fields[-dimension:]))
        except ValueError as error:
            raise InputError(f"{where}: not a number ({error}); fetch the file again.") from error
    if header and len(lines) != header[0]:
        raise InputError(
            f"{called}: the header says {header[0]:,} words, but {len(lines):,} follow; the file "
            "was cut off or the header is wrong: fetch it again."
        )
    vectors = np.frombuffer(numbers, np.float32).reshape(len(lines), -1)
    _require_finite(vectors, list(lines.values()), f"{called}, line")
    return lines, vectors


def _is_phrase(name: list[bytes]) -> bool:
    """Whether the fields before the numbers are one word with spaces, as GloVe 840B has some."""
    try:
        float(name[-1])
    except ValueError:
        return True
    except IndexError:  # there are too few numbers
        return False
    return False


def _expected(header: Header | None) -> str:
    return ", which the header says" if header else ", which line 1 has"


def _read_binary(file: BinaryIO, header: Header, called: str) -> tuple[dict, np.ndarray]:
    count, dimension = header
    says = f"its header says {count:,} words of {dimension} numbers each: fetch it again"
    content, size = file.read(), 4 * dimension
    if count * (size + 1) > len(content):
        raise InputError(f"{called} is too short, {says}.")
    places: dict[str, int] = {}
    vectors = np.empty((count, dimension), np.float32)
    start = 0
    for row in range(count):
        where = f"{called}, word {row + 1}"
        space = content.find(b" ", start)
        end = space + 1 + size
        if space < 0 or end > len(content):
            raise InputError(f"{where} is cut off; {says}.")
        # Some tools put a line end behind each vector.
        name = content[start:space].removeprefix(b"\n")
        _add(places, _decoded(name, where, says), row + 1, where, "word")
        vectors[row] = np.frombuffer(content, "<f4", dimension, space + 1)
        start = end
    if content[start:].strip():
        raise InputError(f"{called} goes on behind its last word; {says}.")
    _require_finite(vectors, range(1, count + 1), f"{called}, word")
    return places, vectors


def _decoded(name: bytes, where: str, hint: str = "give a file of vectors, saved as UTF-8") -> str:
    try:
        word = name.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: the word is not UTF-8; {hint}.") from error
    if not word:
        raise InputError(f"{where}: the word is missing; leave such a row out.")
    return word


def _add(places: dict[str, int], word: str, place: int, where: str, kind: str) -> None:
    if word in places:
        raise InputError(
            f"{where}: {word!r} has a vector already, of {kind} {places[word]}; leave one out."
        )
    places[word] = place


def _require_finite(vectors: np.ndarray, places: Iterable[int], where: str) -> None:
    bad = ~np.isfinite(vectors).all(axis=1)
    if bad.any():
        place = list(places)[bad.argmax()]
        raise InputError(f"{where} {place}: NaN or infinity among the numbers; leave this row out.")
