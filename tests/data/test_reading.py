import gzip
import io
import zipfile

import pytest

from keras_suite.data.reading import read_text_bytes, reading
from keras_suite.errors import InputError

TEXT = "id,text\n1,ä\n".encode()


def zipped(*contents: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for i, content in enumerate(contents):
            archive.writestr(f"{i}.csv", content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TEXT),
        ("a.csv.gz", gzip.compress(TEXT, mtime=0)),
        ("a.zip", zipped(TEXT)),
        ("a.csv", b"\xef\xbb\xbf" + TEXT),
    ],
)
def test_a_text_is_read_plain_or_packed_with_or_without_a_mark(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert read_text_bytes(tmp_path / name, "a", "table") == TEXT


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.gz", gzip.compress(TEXT, mtime=0)[:-9], "is damaged, cut off .*: fetch it again"),
        ("a.gz", TEXT, "is damaged, cut off or no table"),
        ("a.zip", zipped(TEXT)[:-9], "is damaged, cut off or no table"),
        ("a.zip", zipped(TEXT).replace(TEXT, TEXT.replace(b"1", b"2")), "is damaged, cut off"),
        ("a.zip", zipped(TEXT, TEXT), "must hold one file, not 2: unpack it first"),
        ("a.csv", TEXT + b"2,\xff", r", line 3: byte 15 of the file is not UTF-8; fetch it again"),
        ("a.csv", b"", "is empty: fetch it again"),
        ("a.csv", b"\xef\xbb\xbf \n", "is empty: fetch it again"),
        ("a.csv", b"\n<!DOCTYPE html>", "is a web page, not a table .an error page..: fetch it"),
        ("a.csv", None, "cannot be read: No such file or directory"),
    ],
)
def test_what_is_wrong_with_a_text_is_one_sentence(tmp_path, name, content, sentence):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"^the file,? ?{sentence}") as caught:
        read_text_bytes(tmp_path / name, "the file", "table")
    assert "\n" not in str(caught.value)


def test_what_is_said_already_passes_as_it_is_and_the_remedy_can_be_another():
    with pytest.raises(InputError, match=r"^said$"), reading("a", "table"):
        raise InputError("said")
    remedied = pytest.raises(InputError, match=r"no zip \(x\): do this\.")
    with remedied, reading("a", "zip", "do this"):
        raise ValueError("x")
