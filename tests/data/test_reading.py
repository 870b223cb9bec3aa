import gzip
import io
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keras_suite.data.reading import read_text_bytes, reading
from keras_suite.errors import InputError
from tests.data.refusals import refused

TEXT = "id,text\n1,ä\n".encode()


def zipped(*contents: bytes, **named: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            {f"{i}.csv": each for i, each in enumerate(contents)} | named
        ).items():
            archive.writestr(name, content)
    return file.getvalue()


def changed(packed: bytes, place: int, value: int) -> bytes:
    """The same archive with another byte in the header of its file and in the table of contents."""
    for header, at in (b"PK\x03\x04", place), (b"PK\x01\x02", place + 2):
        at += packed.index(header)
        packed = packed[:at] + bytes([value]) + packed[at + 1 :]
    return packed


BOMB = bytes(100 << 20)  # which packs to a thousandth
ZIPPED = zipped(TEXT)
ENCRYPTED, UNKNOWN_METHOD, CHECKSUM = ((6, 1), (8, 99), (14, 0))
FAULTS = [
    ("a.gz", gzip.compress(TEXT, mtime=0)[:-9], "is damaged, cut off .*: fetch it again"),
    ("a.gz", gzip.compress(TEXT, mtime=0) + b"more", "is damaged, cut off or no table"),
    ("a.gz", gzip.compress(BOMB, mtime=0), "unpacks to more than 67 MB: fetch it again"),
    ("a.gz", gzip.compress(gzip.compress(TEXT)), "holds a packed file: unpack it first"),
    ("a.zip", zipped(TEXT)[:-9], "is damaged, cut off or no table"),
    ("a.zip", changed(ZIPPED, *CHECKSUM), "is damaged, cut off or no table .Bad CRC"),
    ("a.zip", zipped(BOMB), "unpacks to more than 67 MB: fetch it again"),
    (
        "a.zip",
        changed(ZIPPED, *ENCRYPTED),
        "asks for a password: unpack it, and name the file itself",
    ),
    ("a.zip", changed(ZIPPED, *UNKNOWN_METHOD), ": That compression .* supported; unpack it"),
    ("a.zip", zipped(TEXT, TEXT), "holds '0.csv', '1.csv', but must hold one table or JSON file"),
    ("a.zip", zipped(**{"a.txt": TEXT, "b.txt": TEXT}), "holds 'a.txt', 'b.txt', but must"),
    ("a.zip", zipped(**{"__MACOSX/._a.csv": TEXT, "a/": b""}), "holds no file, but must hold one"),
    ("a.zip", zipped(), "holds no file, but must hold one"),
    ("a.zip", zipped(**{"a.csv.gz": gzip.compress(TEXT)}), "holds a packed file: unpack it first"),
    ("a.csv", TEXT + b"2,\xff", r", line 3: byte 15 of the file is not UTF-8; fetch it again"),
    ("a.csv", b"", "is empty: fetch it again"),
    ("a.csv", b"\xef\xbb\xbf \n", "is empty: fetch it again"),
    ("a.csv", b"\n<!DOCTYPE html>", "is a web page, not a table .an error page..: fetch it"),
    ("a.csv", None, "cannot be read: No such file or directory"),
]


def test_a_text_is_read_plain_or_packed_whatever_its_name_with_or_without_a_mark(tmp_path):
    contents = {"a.csv": TEXT, "marked.csv": b"\xef\xbb\xbf" + TEXT, "unpacked.csv.gz": TEXT}
    contents |= {"a.csv.gz": gzip.compress(TEXT), "A.CSV.GZ": gzip.compress(TEXT)}
    contents |= {"named.csv": ZIPPED, "a.zip": ZIPPED, "two.gz": gzip.compress(TEXT[:5])}
    contents["two.gz"] += gzip.compress(TEXT[5:])
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        assert read_text_bytes(tmp_path / name, "a", "table") == TEXT, name


@pytest.mark.parametrize(
    "beside",
    [
        {"__MACOSX/._0.csv": b"\0\5", ".DS_Store": b"\0", "data/.hidden.csv": b"x"},
        {"README.txt": b"about", "data/": b"", "LICENSE": b"x"},
    ],
)
def test_the_one_text_of_a_zip_file_is_found_whatever_a_system_or_person_puts_beside_it(
    tmp_path, beside
):
    for place in ("0.csv", "data/0.CSV", "a/b/0.json", "data\\0.csv"):
        (tmp_path / "a.zip").write_bytes(zipped(**beside, **{place: TEXT}))
        assert read_text_bytes(tmp_path / "a.zip", "a", "table") == TEXT, place


@pytest.mark.parametrize(("name", "content", "sentence"), FAULTS)
def test_what_is_wrong_with_a_text_is_one_sentence(tmp_path, name, content, sentence):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with refused(f"^the file,? ?{sentence}"):
        read_text_bytes(tmp_path / name, "the file", "table")


@given(st.sampled_from([ZIPPED, gzip.compress(TEXT, mtime=0)]), st.data())
@example(ZIPPED, None)
def test_a_wrong_byte_of_a_packed_text_is_one_sentence_or_no_matter(packed, data):
    place = data.draw(st.integers(0, len(packed) - 1)) if data else packed.rindex(b"PK\1\2") + 28
    wrong = bytes([data.draw(st.integers(0, 255))]) if data else b"\0"
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(packed[:place] + wrong + packed[place + 1 :])
        try:
            content = read_text_bytes(Path(file.name), "a", "table")
        except InputError:
            return
    assert content == TEXT or not content.startswith((b"PK", b"\x1f\x8b"))


def test_what_is_said_already_passes_as_it_is_and_the_remedy_can_be_another():
    with pytest.raises(InputError, match=r"^said$"), reading("a", "table"):
        raise InputError("said")
    remedied = pytest.raises(InputError, match=r"no zip \(x\): do this\.")
    with remedied, reading("a", "zip", "do this"):
        raise ValueError("x")
