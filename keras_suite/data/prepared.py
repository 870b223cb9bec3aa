"""Image sets as TensorFlow Datasets prepares them, or scikit-learn's digits without a network."""

import hashlib
from pathlib import Path
from typing import Literal

import numpy as np

from keras_suite.data.download import NoNetworkError, require_answer
from keras_suite.data.images import Images
from keras_suite.data.provenance import Provenance, asks_for_sample
from keras_suite.errors import InputError


def load_images(
    name: str, kind: Literal["auto", "real", "sample"] = "auto", data_dir: Path | None = None
) -> Images:
    """Load a set of grey 28 x 28 images by its TFDS name, such as ``fashion_mnist``.

    Args:
        name: of the set; its train and test splits are loaded whole.
        kind: "real" never falls back; "auto" falls back to enlarged digits where there is no
            network; "sample" is those digits.
        data_dir: folder that holds the prepared set; else ``$TFDS_DATA_DIR`` or TFDS' own folder,
            to which the set is downloaded and checked where it is missing.

    Raises:
        InputError: saying what to fetch and where to put it.
    """
    if asks_for_sample(kind, data_dir):
        return enlarged_digits()
    import tensorflow_datasets as tfds

    try:
        builder = prepared_builder(name, kind, data_dir)
    except NoNetworkError as error:
        return enlarged_digits(f" (No network: {error}.)")
    parts = [tfds.as_numpy(builder.as_dataset(part, batch_size=-1)) for part in ("train", "test")]
    train, test = ((part["image"].squeeze(-1), part["label"]) for part in parts)
    rows = len(train[1]) + len(test[1])
    source = f"{name} {builder.version} from TensorFlow Datasets"
    provenance = Provenance(source, "real", rows, _sha256(*train, *test))
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


def enlarged_digits(why: str = "") -> Images:
    """Return scikit-learn's 1,797 real handwritten digits, enlarged from 8 x 8 to 28 x 28."""
    from PIL import Image
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    small, labels = load_digits(return_X_y=True)
    grey = (small.reshape(-1, 8, 8) * 255 / 16).astype("uint8")
    size, way = (28, 28), Image.Resampling.BILINEAR
    X = np.stack([np.asarray(Image.fromarray(image).resize(size, way)) for image in grey])
    X, X_test, y, y_test = train_test_split(
        X, labels.astype("int64"), test_size=360, stratify=labels, random_state=0
    )
    source = "scikit-learn's digits, enlarged to 28 x 28"
    provenance = Provenance(source, "sample", len(labels), _sha256(X, y, X_test, y_test))
    notice = (
        f"SAMPLE DATA: {len(labels):,} of {source}; "
        f"no figure below says anything about the real set.{why}"
    )
    return Images((X, y), (X_test, y_test), [str(i) for i in range(10)], provenance, notice)


def _sha256(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
