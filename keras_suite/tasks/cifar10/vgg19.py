"""VGG19 (arXiv:1409.1556) without its top, for fine-tuning on images of any size."""

import hashlib
import os
from pathlib import Path
from typing import Literal

import keras
from keras import layers

from keras_suite.data.download import NoNetworkError, download
from keras_suite.data.hub import Checkpoint
from keras_suite.data.needs import Need
from keras_suite.data.source import require_public
from keras_suite.errors import InputError, in_a_line
from keras_suite.tasks.cifar10.images import dense_head, scaled_images

FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{FILE}"
MD5 = "253f8cb515780f3b799900260a226db6"
SMALLEST = 32
"""Pixels a side that five halvings leave something of."""


def vgg19(image_size: int, classes: int, weights: Literal["imagenet"] | Path | None) -> keras.Model:
    """Put a new head on the convolutions of VGG19, of which the last block trains (section 5).

    VGG19 > Flatten > Dense 256 relu > Dropout 0.5 > Dense softmax; all before ``block5_conv1`` is
    frozen. On 224 pixels and 10 classes 15,864,586 parameters of 26,449,738 are trainable, the
    report's figure: 9,439,232 of block 5, 6,422,784 and 2,570.

    Images are resized bilinearly and only scaled by 1/255, as in the report, although the ImageNet
    weights are of images with the channels blue, green, red, centred and not scaled. ``weights``
    are "imagenet" for those that Keras downloads once and checks, a .h5 or .weights.h5 file of
    ``keras.applications.VGG19(include_top=False)``, or None to start at random, as
    ``keras.utils.set_random_seed`` decides.

    Returns:
        An uncompiled model from images ``[n, height, width, 3]`` uint8 of any one size to class
        probabilities ``[n, classes]`` float32. VGG19's layers are its own, by their usual names.

    Raises:
        InputError: where the weights cannot be had, or the images are too small.
    """
    if image_size < SMALLEST:
        raise InputError(
            f"VGG19 takes images of at least {SMALLEST} pixels a side: choose an image size of "
            f"{SMALLEST} or more instead of {image_size}."
        )
    images, pixels = scaled_images(image_size)
    convolutions = _convolutions(pixels, weights)
    for layer in convolutions.layers:
        layer.trainable = layer.name.startswith("block5")
    outputs = dense_head(layers.Flatten()(convolutions.output), classes)
    return keras.Model(images, outputs, name="vgg19")


def _convolutions(pixels: keras.KerasTensor, weights: str | Path | None) -> keras.Model:
    if weights == "imagenet":
        weights = imagenet().folder / FILE
    model = keras.applications.VGG19(include_top=False, weights=None, input_tensor=pixels)  # pyright: ignore[reportArgumentType]
    if weights is not None:
        try:
            model.load_weights(weights)
        except Exception as error:  # Keras and HDF5 raise many kinds
            raise InputError(
                f"{weights} holds no weights of VGG19 without its top ({in_a_line(error)}): fetch "
                f"{FILE} and name that file."
            ) from error
    return model


def needs() -> list[Need]:
    """Say where the ImageNet weights are published."""
    return [Need("VGG19, ImageNet", URL, "80 MB", "CC BY 4.0", cached_at(), imagenet)]


def imagenet() -> Checkpoint:
    """Find the ImageNet weights where Keras keeps them, downloaded and checked where need be.

    Raises:
        InputError: saying which file to put where.
    """
    file = cached_at()
    try:
        if not file.is_file():
            download(URL, file, require_md5)
        require_md5(file)
    except (InputError, NoNetworkError, OSError) as error:
        raise InputError(
            f"No ImageNet weights of VGG19 here ({in_a_line(error)}): fetch {FILE} on a machine "
            f"with a network and put it into {file.parent}, or name the file itself."
        ) from error
    return Checkpoint("VGG19, ImageNet, without its top", file.parent, (FILE,))


def cached_at() -> Path:
    """Return where Keras keeps the ImageNet weights."""
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"), "models", FILE)


def require_md5(file: Path) -> None:
    """Raise InputError where a file is not the public one."""
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "md5").hexdigest()
    require_public(file.name, f"the MD5 {found}", f"the MD5 {MD5}")
