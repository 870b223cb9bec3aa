"""What is wrong with a file, in one sentence whatever the library that fails on it."""

import codecs
import gzip
import math
import re
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from keras_suite.errors import InputError, in_a_line

UNREADABLE = (EOFError, MemoryError, RuntimeError, SyntaxError, ValueError, tokenize.TokenError)
UNREADABLE += (LookupError, OverflowError, struct.error)
UNREADABLE += (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error)
"""What parsers raise for a broken file; a broken header can ask NumPy for any memory."""

GZIP, ZIPS = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")  # the second one holds nothing
ENCRYPTED = 1  # the flag of a zip's member
TEXTS = ".csv", ".json"
LEFT_BY_SYSTEMS = re.compile(r"(^|/)(\.|__MACOSX/)")
MOST_BYTES = 2 << 30
ALWAYS_ALLOWED, TIMES_ITS_SIZE = 64 << 20, 100  # texts pack to a tenth or so; bombs to a thousandth


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
    except NotImplementedError as error:  # of zipfile, for methods of other programs
        raise InputError(f"{called}: {in_a_line(error)}; unpack it first.") from error
    except UNREADABLE as error:
        raise InputError(
            f"{called} is damaged, cut off or no {form} ({in_a_line(error)}): {remedy}."
        ) from error
    except OSError as error:
        raise InputError(f"{called} cannot be read: {error.strerror or error}.") from error


def read_text_bytes(path: Path, called: str, form: str) -> bytes:
    """Return a text file's UTF-8 without its mark, unpacked where it is a gzip or a zip file.

    Of a zip file, whatever else is in it, the one csv or JSON file is read. Messages call the file
    ``called`` and say that it should be a ``form``, such as "table".

    Raises:
        InputError: as :func:`reading`, and for an empty file, a web page, or one that is too large.
    """
    with reading(called, form):
        content = _unpacked(path, called)
        content = content.removeprefix(codecs.BOM_UTF8)
        content.decode()
    if not content or content.isspace():
        raise InputError(f"{called} is empty: fetch it again.")
    if content.lstrip().startswith(b"<"):
        raise InputError(f"{called} is a web page, not a {form} (an error page?): fetch it again.")
    return content


def require_size(called: str, unpacked: int, packed: int, most: float = math.inf) -> None:
    """Raise InputError where a file unpacks to more bytes than ``most`` or than is likely."""
    most = min(most, max(ALWAYS_ALLOWED, TIMES_ITS_SIZE * packed))
    if unpacked > most:
        raise InputError(
            f"{called} unpacks to more than {most / 1e6:,.0f} MB: fetch it again, or give less."
        )


def parts_of(
    unpacked: IO[bytes] | gzip.GzipFile, called: str, packed: int, most: float = math.inf
) -> Iterator[bytes]:
    """Read a packed file of ``packed`` bytes, as :func:`require_size` allows, in parts."""
    done = 0
    while part := unpacked.read(1 << 20):
        done += len(part)
        require_size(called, done, packed, most)
        yield part


def _unpacked(path: Path, called: str) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        if start in ZIPS:
            content = _text_in_zip(file, called, size)
        elif start.startswith(GZIP):
            with gzip.open(file) as unpacked:
                content = b"".join(parts_of(unpacked, called, size, MOST_BYTES))
        else:
            if size > MOST_BYTES:
                raise InputError(f"{called} has {size / 1e9:,.1f} GB: give a smaller file.")
            return file.read()
    if content.startswith((GZIP, *ZIPS)):
        raise InputError(f"{called} holds a packed file: unpack it first.")
    return content


def _text_in_zip(file: IO[bytes], called: str, size: int) -> bytes:
    with zipfile.ZipFile(file) as archive:
        members = [each for each in archive.infolist() if not each.is_dir()]
        own = [each for each in members if not LEFT_BY_SYSTEMS.search(each.filename)]
        texts = [each for each in own if each.filename.lower().endswith(TEXTS)] or own
        if len(texts) != 1:
            names = ", ".join(f"{each.filename!r:.40}" for each in texts[:5]) or "no file"
            raise InputError(
                f"{called} holds {names}, but must hold one table or JSON file: unpack it, and "
                "name the file itself."
            )
        if texts[0].flag_bits & ENCRYPTED:
            raise InputError(f"{called} asks for a password: unpack it, and name the file itself.")
        require_size(called, texts[0].file_size, size, MOST_BYTES)
        return archive.read(texts[0])
