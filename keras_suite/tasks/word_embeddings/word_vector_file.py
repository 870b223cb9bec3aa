"""Files of word vectors: GloVe's text form, and word2vec's text and binary forms.

word2vec's files begin with a header: how many words there are and how many numbers each has.
"""

import codecs
import logging
import re
from pathlib import Path

import numpy as np
from gensim import utils
from gensim.models import KeyedVectors, keyedvectors

from keras_suite.data.reading import parts_of, reading
from keras_suite.errors import InputError

HEADER = re.compile(rb"(\d+) (\d+)\s*")
ROW = re.compile(rb"\S+( [-+.\w]+)+\s*", re.ASCII)
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # none in a text, some in almost any floats
REFUSED = {  # not every "<" begins a web page: GloVe has words such as <user>
    rb"\s*\Z": "is empty: fetch it again",
    rb"(?i)\s*<(!doctype|html|\?xml)": "is a web page (an error page?): fetch it again",
    rb"PK\x03\x04": "is a zip archive: unpack it and name one of its files",
    codecs.BOM_UTF8: "begins with a byte order mark: save it as UTF-8 without one",
    rb"[^\n\r]*\r(?!\n)": "has the line ends of old Macs: save it with others",
}
PACKED = ".gz", ".bz2", ".xz"


def read_word_vectors(path: Path) -> KeyedVectors:
    """Read a file of word vectors, whichever of the forms above it has, or its ``.gz``.

    Returns:
        gensim's KeyedVectors, float32 ``[words, dimension]``, in the order of the file.

    Raises:
        InputError: where a row is ragged, a number is none or not finite, a word is missing, comes
            twice or is not UTF-8, or the header says something else.
    """
    with reading(str(path), "file of word vectors"):
        keyedvectors.logger.setLevel(logging.ERROR)  # what comes twice is told below
        size = _unpacked_size(path)
        with utils.open(path, "rb") as file:
            head = file.read(1 << 16)
        for pattern, reason in REFUSED.items():
            if re.match(pattern, head):
                raise InputError(f"{path} {reason}.")
        first, _, rest = head.partition(b"\n")
        header, row = HEADER.fullmatch(first), ROW.fullmatch(rest.partition(b"\n")[0])
        is_text = not header or (row and not CONTROL.search(rest))
        dimension = int(header[2]) if header else first.rstrip().count(b" ")
        rows = _count_rows(path, dimension, bool(header)) if is_text else None
        count = int(header[1]) if header else rows
        if not dimension or not count:
            raise InputError(f"{path} has no numbers: name a file of word vectors.")
        if rows not in (None, count):
            raise InputError(f"{path}: the header says {count:,} words, but {rows:,} follow.")
        if 2 * count * dimension > size:
            raise InputError(
                f"{path} is damaged or cut off: it has no room for the {count:,} words of "
                f"{dimension:,} numbers that its header says; fetch it again."
            )
        with np.errstate(over="ignore"):  # such numbers become infinite and are refused below
            keyed = KeyedVectors.load_word2vec_format(
                path, binary=not is_text, no_header=not header
            )
    if len(keyed.key_to_index) != count or "" in keyed:
        raise InputError(f"{path}: a word is missing or comes twice; leave such rows out.")
    bad = ~np.isfinite(keyed.vectors).all(axis=1)
    if bad.any():
        word = keyed.index_to_key[bad.argmax()]
        raise InputError(f"{path}: NaN or infinity among the numbers of {word!r}; leave it out.")
    return keyed


def _unpacked_size(path: Path) -> int:
    size = path.stat().st_size
    if path.suffix.lower() not in PACKED:
        return size
    with utils.open(path, "rb") as file:
        return sum(map(len, parts_of(file, str(path), size)))


def _count_rows(path: Path, dimension: int, has_header: bool) -> int:
    """Count rows, all of the same length; gensim would stretch a single number to a whole one."""
    with utils.open(path, "rb") as file:
        for line, content in enumerate(file, start=1):
            numbers = content.rstrip().count(b" ")
            if numbers != dimension and not (has_header and line == 1):
                raise InputError(
                    f"{path}, line {line}: {numbers} numbers instead of {dimension}; fetch the "
                    "file again, or leave out words with spaces."
                )
    return line - has_header
