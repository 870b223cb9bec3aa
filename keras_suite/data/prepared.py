"""Image sets as TensorFlow Datasets prepares them, or scikit-learn's digits without a network."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np

from keras_suite.data.digits import enlarged_digits
from keras_suite.data.download import NoNetworkError, require_answer
from keras_suite.data.images import Images
from keras_suite.data.provenance import Provenance, asks_for_sample, sha256_of_arrays
from keras_suite.data.split import Arrays
from keras_suite.errors import InputError, in_a_line


def load_images(
    name: str,
    kind: Literal["auto", "real", "sample"] = "auto",
    data_dir: Path | None = None,
    sample: Callable[[str], Images] = enlarged_digits,
) -> Images:
    """Load a set of images by its TFDS name, such as ``fashion_mnist`` or ``cifar10``.

    Args:
        name: of the set; its train and test splits are loaded whole. Grey images lose their one
            channel.
        kind: "real" never falls back; "auto" falls back to the sample where there is no network.
        data_dir: folder that holds the prepared set; else ``$TFDS_DATA_DIR`` or TFDS' own folder,
            to which the set is downloaded and checked where it is missing.
        sample: makes the images that stand in, given a sentence for their notice.

    Raises:
        InputError: saying what to fetch and where to put it.
    """
    if asks_for_sample(kind, data_dir):
        return sample("")
    try:
        builder = prepared_builder(name, kind, data_dir)
    except NoNetworkError as error:
        return sample(f" (No network: {error}.)")
    train, test = (_read(builder, part) for part in ("train", "test"))
    rows = len(train[1]) + len(test[1])
    source = f"{name} {builder.version} from TensorFlow Datasets"
    provenance = Provenance(source, "real", rows, sha256_of_arrays(*train, *test))
    return Images(train, test, builder.info.features["label"].names, provenance)


def prepared_builder(name: str, kind: Literal["auto", "real"], data_dir: Path | None):
    """Return the TFDS builder of a set that lies prepared on disk, downloaded where it has to be.

    Args:
        name: of the set, such as ``mnist`` or ``glue/qqp``.
        kind: "real" turns a missing network into an InputError.
        data_dir: as for :func:`load_images`.

    Raises:
        InputError: saying what to fetch and where to put it.
        NoNetworkError: where the set would have to be downloaded and ``kind`` is "auto".
    """
    import tensorflow_datasets as tfds

    builder = tfds.builder(name, data_dir=data_dir)
    if builder.is_prepared():
        return builder
    if data_dir is not None:
        raise InputError(
            f"{data_dir} holds no prepared {name} (no folder {builder.data_dir}): name the folder "
            "TFDS prepared it in, or leave --data-dir out to download it."
        )
    try:
        # GLUE's first address is of another of its tasks.
        require_answer(getattr(builder.builder_config, "data_url", next(iter(builder.url_infos))))
    except NoNetworkError as error:
        if kind == "auto":
            raise
        raise InputError(
            f"No real data here: {error}; prepare {name} with TFDS on a machine with a network "
            f"and put it at {builder.data_dir}, or name its folder with --data-dir."
        ) from error
    builder.download_and_prepare()
    return builder


def _read(builder, part: str) -> Arrays:
    """Read images and labels of a split.

    Raises:
        InputError: where the files are damaged, or hold something else.
    """
    import tensorflow as tf
    import tensorflow_datasets as tfds

    anew = "remove the folder and prepare it again, or name another with --data-dir."
    try:
        rows = tfds.as_numpy(builder.as_dataset(part, batch_size=-1))
    except (tf.errors.OpError, OSError, ValueError) as error:
        raise InputError(
            f"{builder.data_dir} cannot be read ({in_a_line(error)}): {anew}"
        ) from error
    images, labels = rows["image"], rows["label"]
    if images.dtype != np.uint8 or images.ndim != 4:
        raise InputError(
            f"{builder.data_dir} holds {images.dtype} of the shape {list(images.shape)} instead of "
            f"uint8 images of one size: {anew}"
        )
    classes = builder.info.features["label"].num_classes
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(f"{builder.data_dir} has labels outside 0..{classes - 1}: {anew}")
    return images.squeeze(-1) if images.shape[-1] == 1 else images, labels
