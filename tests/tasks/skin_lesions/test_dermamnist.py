import hashlib
import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_suite.data.provenance import Provenance, sha256_of_file
from keras_suite.errors import InputError
from keras_suite.tasks.skin_lesions import dermamnist
from keras_suite.tasks.skin_lesions.dermamnist import COUNTS, NAME
from tests.data.refusals import refused
from tests.data.web import serve

SIZES = {"train": 9, "val": 7, "test": 8}


def arrays(**changes) -> dict[str, np.ndarray]:
    """MedMNIST's six arrays, small, with some of them changed; None leaves one out."""
    rng = np.random.default_rng(0)
    made = {}
    for part, size in SIZES.items():
        made[f"{part}_images"] = rng.integers(0, 256, (size, 28, 28, 3), dtype=np.uint8)
        made[f"{part}_labels"] = (np.arange(size, dtype=np.uint8) % 7)[:, None]
    return {name: array for name, array in (made | changes).items() if array is not None}


def packed(**members: bytes | np.ndarray) -> bytes:
    """An npz file of arrays, and of files that may be none."""
    file = io.BytesIO()
    np.savez_compressed(file, **{k: v for k, v in members.items() if isinstance(v, np.ndarray)})
    with zipfile.ZipFile(file, "a") as archive:
        for name, content in members.items():
            if isinstance(content, bytes):
                archive.writestr(f"{name}.npy", content)
    return file.getvalue()


WHOLE = packed(**arrays())


@pytest.fixture
def file(tmp_path):
    (tmp_path / NAME).write_bytes(WHOLE)
    return tmp_path / NAME


def assert_whole(split):
    read = [each.ravel().tolist() for part in split.parts().values() for each in part]
    assert read == [each.ravel().tolist() for each in arrays().values()]


def test_the_six_arrays_are_read_by_file_or_by_folder(file):
    for place in (file, file.parent):
        lesions = dermamnist.load("real", place)
        assert_whole(lesions.split)
        assert lesions.split.train[0].shape == (9, 28, 28, 3)
        assert lesions.split.train[1].dtype == np.int64
        assert lesions.provenance == Provenance(NAME, "real", 24, sha256_of_file(file))
        assert "24 images of dermamnist.npz, which is not the file" in lesions.notice


def test_only_the_published_file_has_no_notice_and_is_taken_from_the_network(own_cache):
    with serve(WHOLE) as (url, _):
        assert not dermamnist.load("auto", url=url, md5=hashlib.md5(WHOLE).hexdigest()).notice
        with refused("has the MD5 .* delete it and fetch it again"):
            dermamnist.load("auto", url=url)
    assert [path.name for path in own_cache.iterdir()] == [NAME]


def test_labels_in_one_dimension_further_arrays_and_absent_classes_are_fine(file):
    file.write_bytes(packed(**arrays(val_labels=np.full(7, 5), notes=np.array(["a"]))))
    assert dermamnist.read(file).split.validation[1].tolist() == [5] * 7


def zeros(*shape, dtype=np.uint8):
    return np.zeros(shape, dtype)


def array_file(header: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


LONE = array_file("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n") + bytes(24)
HUGE = "{'descr': '|u1', 'fortran_order': False, 'shape': (9000000000000, 28, 28, 3), }\n"
ARRAYS = [
    (arrays(val_labels=None), "lacks val_labels: MedMNIST's files hold train_im"),
    (arrays(test_images=zeros(8, 64, 64, 3)), r"test_images: uint8 \[8, 64, 64, 3\] instead of u"),
    (arrays(train_images=zeros(9, 28, 28, 3, dtype="f")), r"float32 \[9, 28, 28, 3\] instead"),
    (arrays(val_images=zeros(0, 28, 28, 3), val_labels=zeros(0, 1)), "val_images: there is no im"),
    (arrays(val_labels=zeros(6, 1)), r"val_labels: uint8 \[6, 1\] .* each of the 7 images"),
    (arrays(val_labels=np.zeros(7)), r"val_labels: float64 \[7\]"),
    (arrays(test_labels=np.array([0, 1, 7, 9, 0, 0, 0, 0])), "test_labels, row 3: the label is 7,"),
    (arrays(test_labels=np.array([0] * 7 + [-1])), "row 8: the label is -1, but only 0 to 6 are"),
    (arrays(val_labels=np.array([0] * 7, object)), "is damaged, .* no npz file .*allow_pickle"),
    (arrays(val_labels=b"hello"), "is damaged, cut off or no npz file"),
    (arrays(val_labels=b""), "is damaged, cut off or no npz file"),
    (arrays(val_labels=array_file("{'descr': '|u1', (")), "is damaged, cut off or no npz file"),
    (arrays(train_images=array_file(HUGE)), "is damaged, cut off or no npz file"),
    (arrays(notes=zeros(1 << 27)), "unpacks to more than 67 MB"),
]
CASES = [(packed(**members), sentence) for members, sentence in ARRAYS]
CASES += [(content, "is damaged, cut off or no npz file") for content in (LONE, b"\x80\x04N.")]


@pytest.mark.parametrize(("content", "sentence"), CASES, ids=range(len(CASES)))
def test_a_bad_file_is_named_with_its_array_in_one_sentence(file, content, sentence):
    file.write_bytes(content)
    with refused(sentence, file):
        dermamnist.load("real", file)


@settings(max_examples=60)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_file_cut_off_or_with_a_wrong_byte_is_refused_or_read_right(
    tmp_path_factory, place, flip
):
    """A flip of 0 stands for a cut."""
    wrong = bytes([WHOLE[place] ^ flip]) + WHOLE[place + 1 :] if flip else b""
    file = tmp_path_factory.getbasetemp() / NAME
    file.write_bytes(WHOLE[:place] + wrong)
    try:
        split = dermamnist.read(file).split
    except InputError:
        return
    assert flip  # the wrong byte was of a date, say
    assert_whole(split)


def test_the_sample_has_the_lesions_shares_and_no_image_twice():
    parts = dermamnist.load("sample").split.parts().values()
    published = np.sum(list(COUNTS.values()), axis=0)
    for _, labels in parts:
        share = np.bincount(labels, minlength=7) / len(labels)
        assert share == pytest.approx(published / published.sum(), abs=0.015)
        assert share.min() > 0
    images = np.concatenate([X for X, _ in parts])
    assert (images.shape[1:], images.dtype) == ((28, 28, 3), np.uint8)
    assert len(set(map(bytes, images))) == len(images)


@pytest.mark.real
def test_the_real_file_has_the_published_counts(real_data):
    parts = dermamnist.load("real", real_data / "dermamnist").split.parts().values()
    assert [tuple(np.bincount(y).tolist()) for _, y in parts] == list(COUNTS.values())
