"""DermaMNIST: 10,015 dermatoscopic images of seven kinds of pigmented skin lesions, 28 x 28.

Source: Yang et al., "MedMNIST v2" (2023), from HAM10000 (Tschandl, Rosendahl and Kittler, 2018).
HAM10000 has 7,470 lesions, some photographed several times, and MedMNIST splits by image: images
of one lesion lie on both sides, which flatters every figure of the test images.
"""

import hashlib
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from keras_suite.data.digits import coloured_digits
from keras_suite.data.download import NoNetworkError, cache_folder, download
from keras_suite.data.provenance import (
    Provenance,
    asks_for_sample,
    sha256_of_arrays,
    sha256_of_file,
)
from keras_suite.data.split import Arrays, Split
from keras_suite.errors import InputError, in_a_line

NAME = "dermamnist.npz"
URL = f"https://zenodo.org/records/10519652/files/{NAME}?download=1"
MD5 = "0744692d530f8e62ec473284d019b0c7"
CLASSES = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"]
"""Actinic keratosis, basal cell carcinoma, benign keratosis, dermatofibroma, melanoma, nevus and
vascular lesion; the first two and melanoma are malignant or may become so."""
COUNTS = {
    "train": (228, 359, 769, 80, 779, 4693, 99),
    "val": (33, 52, 110, 12, 111, 671, 14),
    "test": (66, 103, 220, 23, 223, 1341, 29),
}
"""Images of each class in MedMNIST's parts, by the names of its arrays."""
IMAGE = (28, 28, 3)
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError)
UNREADABLE += (RuntimeError, SyntaxError, tokenize.TokenError, MemoryError)
"""What zipfile and NumPy raise for a broken file; a broken header can ask for any memory."""
SAMPLE_IMAGES = 1060
DIGITS = ((0,), (1,), (2,), (3,), (4,), (5, 7, 8, 9), (6,))
"""What stands in for each class; four digits for the nevi, for one has too few images."""


@dataclass(frozen=True)
class Lesions:
    """Labelled images of skin lesions.

    Args:
        split: images ``[n, 28, 28, 3]`` uint8 and labels ``[n]`` int64, indices of ``classes``. A
            part has at least one image; a class may have none.
        provenance: where they came from.
        notice: a sentence the person must see, or "".
    """

    split: Split
    provenance: Provenance
    notice: str = ""
    classes: ClassVar[list[str]] = CLASSES


def load(
    kind: Literal["auto", "real", "sample"] = "auto",
    data_dir: Path | None = None,
    url: str = URL,
    md5: str = MD5,
) -> Lesions:
    """Load the images from a given place, else the cache, else the network, else digits.

    Args:
        kind: "real" never falls back; "auto" falls back to scikit-learn's digits where there is no
            network; "sample" is those digits.
        data_dir: the file itself (npz) or its folder. Any number of images will do.
        url: where the public copy lies.
        md5: of the public copy.

    Raises:
        InputError: naming what is wrong in which array, or what to fetch and where to put it.
    """
    if asks_for_sample(kind, data_dir):
        return _sample()
    if data_dir is not None:
        return read(_find(Path(data_dir)), md5)
    cached = cache_folder() / NAME
    if cached.exists():
        _require_md5(cached, md5, str(cached))
    else:
        try:
            download(url, cached, check=lambda path: _require_md5(path, md5, url))
        except NoNetworkError as error:
            if kind == "real":
                raise InputError(
                    f"No real images here: {error}; fetch {NAME} from {URL} and put it at "
                    f"{cached}, or name it with --data-dir."
                ) from error
            return _sample(f" (No network: {error}.)")
    return read(cached, md5)


def read(path: Path, md5: str = MD5) -> Lesions:
    """Read and check one npz file with MedMNIST's six arrays.

    Args:
        path: the file.
        md5: of the public copy; the notice says where the file is another.

    Raises:
        InputError: for a file that holds no such arrays, naming array and row.
    """
    try:
        arrays = _arrays(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UNREADABLE as error:
        if "allow_pickle" in str(error):
            raise InputError(
                f"{path} holds pickled Python objects, which could run anything and are not "
                "read: give MedMNIST's npz file of plain arrays."
            ) from error
        raise InputError(
            f"{path} is damaged, cut off or no npz file ({in_a_line(error)}): fetch it again."
        ) from error
    parts = [_checked(path, part, arrays) for part in COUNTS]
    rows = sum(len(labels) for _, labels in parts)
    notice = ""
    if _md5(path) != md5:
        notice = (
            f"Real data: {rows:,} images of {path.name}, which is not the file MedMNIST publishes "
            "(another MD5): published figures are of other images."
        )
    provenance = Provenance(path.name, "real", rows, sha256_of_file(path))
    return Lesions(Split(*parts), provenance, notice)


def _sample(why: str = "") -> Lesions:
    """Digits with the lesions' shares: most of the rare ones are left out."""
    from sklearn.model_selection import train_test_split

    digits = coloured_digits()
    X, y = (np.concatenate(both) for both in zip(digits.train, digits.test, strict=True))
    shares = np.sum(list(COUNTS.values()), axis=0) / sum(map(sum, COUNTS.values()))
    picks = [
        np.flatnonzero(np.isin(y, stand_ins))[: round(SAMPLE_IMAGES * share)]
        for stand_ins, share in zip(DIGITS, shares, strict=True)
    ]
    labels = np.repeat(np.arange(len(CLASSES)), [len(each) for each in picks])
    rows = np.stack([np.concatenate(picks), labels], axis=1)
    rest, test = train_test_split(rows, test_size=0.2, stratify=labels, random_state=0)
    train, validation = train_test_split(rest, test_size=0.125, stratify=rest[:, 1], random_state=0)
    parts = [(X[part[:, 0], 2:-2, 2:-2], part[:, 1]) for part in (train, validation, test)]
    source = "scikit-learn's digits, coloured and made as unbalanced as DermaMNIST"
    arrays = [array for part in parts for array in part]
    provenance = Provenance(source, "sample", len(labels), sha256_of_arrays(*arrays))
    notice = (
        f"SAMPLE DATA: {len(labels):,} of {source}; "
        f"no figure below says anything about skin lesions.{why}"
    )
    return Lesions(Split(*parts), provenance, notice)


def _find(place: Path) -> Path:
    """Return the file itself, or the one a folder holds."""
    if place.is_file():
        return place
    if not place.is_dir():
        raise InputError(f"--data-dir {place} does not exist: name {NAME} or its folder.")
    if not (place / NAME).is_file():
        raise InputError(f"{place} holds no {NAME}: put it there, or name the file.")
    return place / NAME


def _arrays(path: Path) -> dict[str, np.ndarray]:
    names = [f"{part}_{what}" for part in COUNTS for what in ("images", "labels")]
    with zipfile.ZipFile(path) as archive:  # or NumPy would take a lone array or a pickle
        missing = [name for name in names if f"{name}.npy" not in archive.namelist()]
        damaged = archive.testzip()  # NumPy may stop reading before the checksum
    if missing:
        raise InputError(
            f"{path} lacks {', '.join(missing)}: MedMNIST's files hold {', '.join(names)}."
        )
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
    if images.ndim != 4 or images.shape[1:] != IMAGE or images.dtype != np.uint8:
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
    labels = labels.ravel()
    wrong = np.flatnonzero((labels < 0) | (labels >= len(CLASSES)))
    if len(wrong):
        raise InputError(
            f"{where}, row {wrong[0] + 1}: the label is {labels[wrong[0]]}, but only 0 to 6 are "
            "known; mend or drop such rows."
        )
    return images, labels.astype(np.int64)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _require_md5(path: Path, md5: str, called: str) -> None:
    found = _md5(path)
    if found != md5:
        raise InputError(
            f"{called} is not the file MedMNIST publishes (MD5 {found} instead of {md5}): delete "
            "it and fetch it again."
        )
