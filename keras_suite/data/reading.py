"""What is wrong with a file, in one sentence whatever the library that fails on it."""

import codecs
import gzip
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_suite.errors import InputError, in_a_line

UNREADABLE = (EOFError, MemoryError, RuntimeError, SyntaxError, ValueError, tokenize.TokenError)
UNREADABLE += (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error)
"""What parsers raise for a broken file; a broken header can ask NumPy for any memory."""


@contextmanager
def reading(called: str, form: str, remedy: str = "fetch it again") -> Iterator[None]:
    """Turn what goes wrong while a file is read into one sentence.

    Messages call the file ``called``, say that it should be a ``form``, and name the remedy.

    Raises:
        InputError: for a file that is damaged, is not UTF-8 or cannot be opened.
    """
    try:
        yield
    except InputError:  # which says already what is wrong
        raise
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{called}, line {line}: byte {error.start} of the file is not UTF-8; {remedy}, or "
            "save it as UTF-8."
        ) from error
    except UNREADABLE as error:
        raise InputError(
            f"{called} is damaged, cut off or no {form} ({in_a_line(error)}): {remedy}."
        ) from error
    except OSError as error:
        raise InputError(f"{called} cannot be read: {error.strerror or error}.") from error


def read_text_bytes(path: Path, called: str, form: str) -> bytes:
    """Return a text file's UTF-8 without its mark, unpacked from a .gz or a .zip of it alone.

    Messages call it ``called`` and say that it should be a ``form``, such as "table".

    Raises:
        InputError: as :func:`reading`, and for an empty file or a web page.
    """
    with reading(called, form):
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        elif path.suffix == ".zip":
            content = _only_member(path, called)
        content = content.removeprefix(codecs.BOM_UTF8)
        content.decode()
    if not content or content.isspace():
        raise InputError(f"{called} is empty: fetch it again.")
    if content.lstrip().startswith(b"<"):
        raise InputError(f"{called} is a web page, not a {form} (an error page?): fetch it again.")
    return content


def _only_member(path: Path, called: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len(names) != 1:
            raise InputError(f"{called} must hold one file, not {len(names)}: unpack it first.")
        return archive.read(names[0])
