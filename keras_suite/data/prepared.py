"""Image sets as TensorFlow Datasets prepares them, or scikit-learn's digits without a network."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_suite.data.digits import enlarged_digits
from keras_suite.data.download import require_answer
from keras_suite.data.images import Images
from keras_suite.data.provenance import Provenance, sha256_of_arrays
from keras_suite.data.source import Data, Kind, load_data
from keras_suite.data.split import Arrays
from keras_suite.errors import InputError, in_a_line

if TYPE_CHECKING:
    import tensorflow_datasets as tfds


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
    # GLUE's first address is of another of its tasks.
    require_answer(getattr(builder.builder_config, "data_url", str(next(iter(builder.url_infos)))))
    builder.download_and_prepare()
    return builder


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
