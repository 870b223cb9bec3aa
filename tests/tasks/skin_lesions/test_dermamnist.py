import hashlib
import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.data.provenance import sha256_of_file
from keras_suite.errors import InputError
from keras_suite.tasks.skin_lesions import dermamnist
from keras_suite.tasks.skin_lesions.dermamnist import COUNTS, NAME
from tests.data.web import serve

SIZES = {"train": 9, "val": 7, "test": 8}


def arrays(**changes) -> dict[str, np.ndarray]:
    """MedMNIST's six arrays, small, with some of them changed."""
    rng = np.random.default_rng(0)
    made = {}
    for part, size in SIZES.items():
        made[f"{part}_images"] = rng.integers(0, 256, (size, 28, 28, 3), dtype=np.uint8)
        made[f"{part}_labels"] = (np.arange(size, dtype=np.uint8) % 7)[:, None]
    return made | changes


def packed(content: dict, save=np.savez_compressed) -> bytes:
    file = io.BytesIO()
    save(file, **content)
    return file.getvalue()


WHOLE = packed(arrays())


def write(folder, content: bytes):
    folder.mkdir(exist_ok=True)
    (folder / NAME).write_bytes(content)
    return folder / NAME


@pytest.mark.parametrize("by_folder", [False, True])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_the_six_arrays_are_read_by_file_or_by_folder(tmp_path, by_folder, save):
    file = write(tmp_path / "given", packed(arrays(), save))
    lesions = dermamnist.load("real", file.parent if by_folder else file)
    for part, name in zip(lesions.split.parts().values(), SIZES, strict=True):
        assert np.array_equal(part[0], arrays()[f"{name}_images"])
        assert np.array_equal(part[1], arrays()[f"{name}_labels"].ravel())
        assert part[1].dtype == np.int64
    assert lesions.provenance.kind == "real"
    assert lesions.provenance.rows == sum(SIZES.values())
    assert lesions.provenance.sha256 == sha256_of_file(file)


def test_a_file_that_medmnist_did_not_publish_is_said_to_be_another(tmp_path):
    file = write(tmp_path, WHOLE)
    assert "24 images of dermamnist.npz, which is not the file" in dermamnist.read(file).notice
    assert dermamnist.read(file, hashlib.md5(WHOLE).hexdigest()).notice == ""


def test_labels_in_one_dimension_further_arrays_and_absent_classes_are_fine(tmp_path):
    content = arrays(val_labels=np.full(7, 5), notes=np.array(["a"]))
    lesions = dermamnist.read(write(tmp_path, packed(content)))
    assert lesions.split.validation[1].tolist() == [5] * 7


def without(name):
    return {k: v for k, v in arrays().items() if k != name}


BAD = {
    "a missing array": (without("val_labels"), "lacks val_labels: MedMNIST's files hold train_im"),
    "an own format": ({"X": np.zeros(3), "y": np.zeros(3)}, "lacks train_images, train_labels, "),
    "larger images": (
        arrays(test_images=np.zeros((8, 64, 64, 3), np.uint8)),
        r"test_images: uint8 \[8, 64, 64, 3\] instead of uint8 \[n, 28, 28, 3\]",
    ),
    "grey images": (arrays(train_images=np.zeros((9, 28, 28), np.uint8)), r"uint8 \[9, 28, 28\] i"),
    "scaled images": (
        arrays(train_images=np.zeros((9, 28, 28, 3), np.float32)),
        r"train_images: float32 \[9, 28, 28, 3\] instead of uint8",
    ),
    "a label too few": (
        arrays(val_labels=np.zeros((6, 1), np.uint8)),
        r"val_labels: uint8 \[6, 1\] instead of one whole number for each of the 7 images",
    ),
    "labels as hot vectors": (arrays(val_labels=np.eye(7)), r"val_labels: float64 \[7, 7\] inst"),
    "labels that are not whole": (arrays(val_labels=np.zeros(7)), r"val_labels: float64 \[7\]"),
    "labels as words": (arrays(val_labels=np.array(["nv"] * 7)), r"val_labels: <U2 \[7\]"),
    "a label too high": (
        arrays(test_labels=np.array([0, 1, 7, 9, 0, 0, 0, 0])),
        "test_labels, row 3: the label is 7, but only 0 to 6 are known",
    ),
    "a label below 0": (arrays(test_labels=np.array([0] * 7 + [-1])), "row 8: the label is -1"),
    "no image": (
        arrays(val_images=np.zeros((0, 28, 28, 3), np.uint8), val_labels=np.zeros((0, 1), int)),
        "val_images: there is no image",
    ),
    "pickled labels": (
        arrays(val_labels=np.array([0] * 7, object)),
        "no npz file of plain arrays .*allow_pickle",
    ),
    "pickled images": (arrays(val_images=np.array([None] * 7)), "no npz file of plain arrays"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD)
def test_bad_arrays_are_named_in_one_sentence(tmp_path, content, sentence):
    file = write(tmp_path, packed(content))
    with pytest.raises(InputError, match=sentence) as caught:
        dermamnist.load("real", file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


def lone_array() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


def with_member(name: str, content: bytes) -> bytes:
    """A zip with right checksums, one of whose arrays is not what NumPy writes."""
    file = io.BytesIO(packed(without(name)))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


HUGE = header("{'descr': '|u1', 'fortran_order': False, 'shape': (9000000000000, 28, 28, 3), }\n")
DAMAGED = {
    "nothing": b"",
    "an error page": b"<!DOCTYPE html>404",
    "a lone array": lone_array(),
    "a pickle": b"\x80\x04N.",
    "no array": with_member("val_labels", b"hello"),
    "an empty array file": with_member("val_labels", b""),
    "a header that does not end": with_member("val_labels", header("{'descr': '|u1', (")),
    "a header that asks for any memory": with_member("train_images", HUGE),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_what_is_no_such_file_is_named(tmp_path, content):
    file = write(tmp_path, content)
    with pytest.raises(InputError, match="is damaged, cut off or no npz file") as caught:
        dermamnist.load("real", file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


@settings(max_examples=150)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255), st.booleans())
def test_a_file_cut_off_or_with_a_wrong_byte_is_refused_or_read_right(
    tmp_path_factory, place, flip, cut
):
    damaged = bytearray(WHOLE[:place] if cut else WHOLE)
    if not cut:
        damaged[place] ^= flip
    file = write(tmp_path_factory.getbasetemp() / "damaged", bytes(damaged))
    try:
        split = dermamnist.read(file).split
    except InputError:
        return
    assert not cut  # the wrong byte was of a date, say
    for part, name in zip(split.parts().values(), SIZES, strict=True):
        assert np.array_equal(part[0], arrays()[f"{name}_images"])
        assert np.array_equal(part[1], arrays()[f"{name}_labels"].ravel())


def test_the_sample_has_the_lesions_shares_and_says_what_it_is():
    lesions = dermamnist.load("sample")
    published = np.sum(list(COUNTS.values()), axis=0)
    for images, labels in lesions.split.parts().values():
        assert images.shape[1:] == (28, 28, 3)
        assert images.dtype == np.uint8
        share = np.bincount(labels, minlength=7) / len(labels)
        assert share == pytest.approx(published / published.sum(), abs=0.015)
        assert share.min() > 0
    parts = [set(map(bytes, images)) for images, _ in lesions.split.parts().values()]
    assert len(set.union(*parts)) == sum(map(len, parts)) == 1060


def test_only_the_file_with_the_published_checksum_is_taken_from_the_network_or_the_cache(
    own_cache,
):
    with serve(WHOLE) as (url, _):
        lesions = dermamnist.load("auto", url=url, md5=hashlib.md5(WHOLE).hexdigest())
        assert lesions.notice == ""
        with pytest.raises(InputError, match=r"has the MD5 .* delete it and fetch it again"):
            dermamnist.load("auto", url=url)
    assert [path.name for path in own_cache.iterdir()] == [NAME]


@pytest.mark.real
def test_the_real_file_has_the_published_counts(real_data):
    lesions = dermamnist.load("real", real_data / "dermamnist")
    counts = [tuple(np.bincount(y).tolist()) for _, y in lesions.split.parts().values()]
    assert counts == list(COUNTS.values())
    assert [sum(each) for each in counts] == [7007, 1003, 2005]
    assert lesions.provenance.rows == 10_015
