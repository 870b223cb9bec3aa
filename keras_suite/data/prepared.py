"""Image sets as TensorFlow Datasets prepares them, or scikit-learn's digits without a network."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_suite.data.digits import enlarged_digits
from keras_suite.data.download import download
from keras_suite.data.images import Images
from keras_suite.data.needs import Need
from keras_suite.data.provenance import Provenance, sha256_of_arrays, sha256_of_file
from keras_suite.data.source import Data, Kind, load_data, require_public
from keras_suite.data.split import Arrays
from keras_suite.errors import InputError, in_a_line

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

MIRROR, GLUE = "https://storage.googleapis.com/cvdf-datasets", "https://dl.fbaipublicfiles.com/glue"
PUBLISHED = {
    "mnist": ("12 MB", "CC BY-SA 3.0", f"{MIRROR}/mnist"),
    "fashion_mnist": ("31 MB", "MIT", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"),
    "cifar10": ("170 MB", "", "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"),
    "glue/qqp": ("42 MB", "", f"{GLUE}/data/QQP.zip"),
    "glue/mnli": ("313 MB", "", f"{GLUE}/data/MNLI.zip"),
}
"""Size, licence and address of each set that TFDS prepares."""


def load_images(
    name: str,
    kind: Kind = "auto",
    data_dir: Path | None = None,
    sample: Callable[[], Images] = enlarged_digits,
) -> Images:
    """Load images of a TFDS name such as ``cifar10``; grey ones lose their one channel.

    Raises:
        InputError: as :func:`load_prepared`; also where the files are damaged or hold other data.
    """
    return load_prepared(name, kind, data_dir, sample, _read_images)


def load_prepared(
    name: str,
    kind: Kind,
    data_dir: Path | None,
    sample: Callable[[], Data],
    read: Callable[["tfds.core.DatasetBuilder"], Data],
) -> Data:
    """Load what TFDS prepares on disk (``glue/qqp``), downloaded and checked where it is missing.

    The folder of prepared sets is ``data_dir``, else ``$TFDS_DATA_DIR`` or TFDS' own; ``read``
    reads the set from its builder. The rest is as for :func:`keras_suite.data.source.load_data`.

    Raises:
        InputError: saying what to fetch and where to put it.
    """
    return load_data(
        kind,
        data_dir,
        sample=sample,
        read=lambda folder: read(_prepared(name, folder)),
        fetch=lambda: read(_prepared(name)),
        remedy=f"prepare {name} with TFDS on a machine with a network and copy its folder here",
    )


def needs(name: str) -> list[Need]:
    """Say what a set of TFDS takes from elsewhere."""
    size, licence, address = PUBLISHED[name]
    home = os.environ.get("TFDS_DATA_DIR") or Path.home() / "tensorflow_datasets"
    return [Need(f"{name} of TensorFlow Datasets", address, size, licence, Path(home, name))]


def _prepared(name: str, data_dir: Path | None = None) -> "tfds.core.DatasetBuilder":
    import tensorflow_datasets as tfds

    builder: Any = tfds.builder(name, data_dir=data_dir)
    if builder.is_prepared():
        return builder
    if data_dir is not None:
        raise InputError(
            f"{data_dir} holds no prepared {name} (no folder {builder.data_dir}): name the folder "
            "TFDS prepared it in, or leave --data-dir out to download it."
        )
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    config = tfds.download.DownloadConfig(manual_dir=_fetched(builder))
    try:
        builder.download_and_prepare(download_config=config)
    except Exception as error:  # TFDS and its libraries raise many kinds
        raise InputError(
            f"{name} cannot be prepared ({in_a_line(error)}): run the command again, or prepare it "
            "with TFDS on another machine and copy its folder here."
        ) from error
    return builder


def _fetched(builder) -> Path:
    """Download what a set is made of, which TFDS itself would begin anew and await for ever."""
    folder = Path(builder.data_dir_root, "downloads", "manual", builder.name)
    one_of_several = getattr(builder.builder_config, "data_url", None)  # as GLUE's
    for url, info in builder.url_infos.items():
        file = folder / info.filename
        if one_of_several in (None, url) and not file.exists():
            download(url, file, partial(_require_sha256, url, info.checksum))
    return folder


def _require_sha256(called: str, published: str, path: Path) -> None:
    found = sha256_of_file(path)
    require_public(called, f"the SHA-256 {found}", f"the SHA-256 {published}")


def _read_images(builder) -> Images:
    train, test = (_read(builder, part) for part in ("train", "test"))
    source = f"{builder.name} {builder.version} from TensorFlow Datasets"
    rows = len(train[1]) + len(test[1])
    provenance = Provenance(source, "real", rows, sha256_of_arrays(*train, *test))
    return Images(train, test, builder.info.features["label"].names, provenance=provenance)


def _read(builder, part: str) -> Arrays:
    """Read images and labels of a split."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    place = builder.data_dir
    anew = "remove the folder and prepare it again, or name another with --data-dir."
    try:
        rows = tfds.as_numpy(builder.as_dataset(part, batch_size=-1))
    except (tf.errors.OpError, OSError, ValueError) as error:
        raise InputError(f"{place} cannot be read ({in_a_line(error)}): {anew}") from error
    images, labels = rows["image"], rows["label"]
    if images.dtype != np.uint8 or images.ndim != 4:
        raise InputError(
            f"{place} holds {images.dtype} of the shape {list(images.shape)} instead of "
            f"uint8 images of one size: {anew}"
        )
    num_classes = builder.info.features["label"].num_classes
    if labels.min() < 0 or labels.max() >= num_classes:
        raise InputError(f"{place} has labels outside 0..{num_classes - 1}: {anew}")
    return images.squeeze(-1) if images.shape[-1] == 1 else images, labels
