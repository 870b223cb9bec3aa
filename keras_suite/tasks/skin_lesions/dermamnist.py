"""DermaMNIST: 10,015 dermatoscopic images of seven kinds of pigmented skin lesions, 28 x 28.

Source: Yang et al., "MedMNIST v2" (2023), from HAM10000 (Tschandl, Rosendahl and Kittler, 2018).
HAM10000 has 7,470 lesions, some photographed several times, and MedMNIST splits by image: images
of one lesion lie on both sides, which flatters every figure of the test images.
"""

import hashlib
import zipfile
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from keras_suite.data.digits import coloured_digits
from keras_suite.data.download import cache_folder
from keras_suite.data.needs import Need
from keras_suite.data.provenance import Loaded, Provenance, sha256_of_arrays, sha256_of_file
from keras_suite.data.reading import MOST_BYTES, reading, require_size
from keras_suite.data.source import Kind, find_file, from_cache, load_data, require_public
from keras_suite.data.split import Arrays, Split
from keras_suite.errors import InputError

NAME = "dermamnist.npz"
URL = f"https://zenodo.org/records/10519652/files/{NAME}?download=1"
MD5 = "0744692d530f8e62ec473284d019b0c7"
CLASS_NAMES = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"]
"""Actinic keratosis, basal cell carcinoma, benign keratosis, dermatofibroma, melanoma, nevus and
vascular lesion; the first two and melanoma are malignant or may become so."""
COUNTS = {
    "train": (228, 359, 769, 80, 779, 4693, 99),
    "val": (33, 52, 110, 12, 111, 671, 14),
    "test": (66, 103, 220, 23, 223, 1341, 29),
}
"""Images of each class in MedMNIST's parts, by the names of its arrays."""
IMAGE = (28, 28, 3)
SAMPLE_IMAGES = 1060
DIGITS = ((0,), (1,), (2,), (3,), (4,), (5, 7, 8, 9), (6,))
"""What stands in for each class; four digits for the nevi, for one has too few images."""


@dataclass(frozen=True)
class Lesions(Loaded):
    """Images of skin lesions ``[n, 28, 28, 3]`` uint8; labels ``[n]`` int64 index ``CLASS_NAMES``.

    A part has at least one image; a class may have none.
    """

    split: Split


def needs() -> list[Need]:
    """Say where the images are published."""
    return [Need(NAME, URL, "20 MB", "CC BY-NC 4.0", cache_folder() / NAME)]


def load(
    kind: Kind = "auto", data_dir: Path | None = None, url: str = URL, md5: str = MD5
) -> Lesions:
    """Load the images as :func:`keras_suite.data.source.load_data` does, digits as the last resort.

    ``data_dir`` is the file itself (npz), with any number of images, or its folder; ``url`` and
    ``md5`` are those of the public copy.

    Raises:
        InputError: naming what is wrong in which array, or what to fetch and where to put it.
    """

    def read_public(path: Path, called: str) -> Lesions:
        require_public(called, f"the MD5 {_md5(path)}", f"the MD5 {md5}")
        return read(path, md5)

    cached = cache_folder() / NAME
    return load_data(
        kind,
        data_dir,
        sample=_sample,
        read=lambda place: read(find_file(place, NAME), md5),
        fetch=lambda: from_cache(url, cached, read_public),
        remedy=f"fetch {NAME} from {URL} and put it at {cached}",
    )


def read(path: Path, md5: str = MD5) -> Lesions:
    """Read and check one npz file with MedMNIST's six arrays.

    The notice says where the file's MD5 is not ``md5``, that of the public copy.

    Raises:
        InputError: for a file that holds no such arrays, naming array and row.
    """
    with reading(str(path), "npz file of plain arrays"):
        arrays = _arrays(path)
    parts = [_checked(path, part, arrays) for part in COUNTS]
    rows = sum(len(labels) for _, labels in parts)
    provenance = Provenance(path.name, "real", rows, sha256_of_file(path))
    notice = (
        f"Real data: {rows:,} images of {path.name}, which is not the file MedMNIST publishes "
        "(another MD5): published figures are of other images."
    )
    return Lesions(Split(*parts), provenance=provenance, notice="" if _md5(path) == md5 else notice)


def _sample() -> Lesions:
    """Digits with the lesions' shares: most of the rare ones are left out."""
    from sklearn.model_selection import train_test_split

    digits = coloured_digits()
    X, y = (np.concatenate(both) for both in zip(digits.train, digits.test, strict=True))
    shares = np.sum(list(COUNTS.values()), axis=0) / sum(map(sum, COUNTS.values()))
    picks = [
        np.flatnonzero(np.isin(y, stand_ins))[: round(SAMPLE_IMAGES * share)]
        for stand_ins, share in zip(DIGITS, shares, strict=True)
    ]
    labels = np.repeat(np.arange(len(CLASS_NAMES)), [len(each) for each in picks])
    rows = np.stack([np.concatenate(picks), labels], axis=1)
    cut: list = train_test_split(rows, test_size=0.2, stratify=labels, random_state=0)
    rest, test = cut
    cut = train_test_split(rest, test_size=0.125, stratify=rest[:, 1], random_state=0)
    parts = [(X[part[:, 0], 2:-2, 2:-2], part[:, 1]) for part in (*cut, test)]
    source = "digits of scikit-learn, coloured and made as unbalanced as DermaMNIST"
    provenance = Provenance(source, "sample", len(labels), sha256_of_arrays(*chain(*parts)))
    return Lesions(Split(*parts), provenance=provenance)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    names = [f"{part}_{what}" for part in COUNTS for what in ("images", "labels")]
    with zipfile.ZipFile(path) as archive:  # or NumPy would take a lone array or a pickle
        unpacked = sum(member.file_size for member in archive.infolist())
        require_size(str(path), unpacked, path.stat().st_size, MOST_BYTES)
        missing = [name for name in names if f"{name}.npy" not in archive.namelist()]
        damaged = archive.testzip()  # NumPy may stop reading before the checksum
    if missing:
        lacks = f"{path} lacks {', '.join(missing)}"
        raise InputError(f"{lacks}: MedMNIST's files hold {', '.join(names)}.")
    if damaged:
        raise zipfile.BadZipFile(f"{damaged} has a wrong checksum")
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in names}
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{name}.npy is no array")
    return arrays


def _checked(path: Path, part: str, arrays: dict[str, np.ndarray]) -> Arrays:
    images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
    where = f"{path}, {part}_images"
    if images.shape[1:] != IMAGE or images.dtype != np.uint8:
        raise InputError(
            f"{where}: {images.dtype} {list(images.shape)} instead of uint8 [n, 28, 28, 3]; "
            "give the file of 28 x 28 images."
        )
    if len(images) == 0:
        raise InputError(f"{where}: there is no image; give a file with images in every part.")
    where = f"{path}, {part}_labels"
    one_each = labels.shape in ((len(images),), (len(images), 1))
    if not one_each or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(
            f"{where}: {labels.dtype} {list(labels.shape)} instead of one whole number for each "
            f"of the {len(images):,} images."
        )
    for row, label in enumerate(labels.ravel(), start=1):
        if not 0 <= label < len(CLASS_NAMES):
            raise InputError(
                f"{where}, row {row}: the label is {label}, but only 0 to 6 are known; mend or "
                "drop such rows."
            )
    return images, labels.ravel().astype(np.int64)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
