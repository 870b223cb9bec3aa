"""Image files as the arrays that a served model reads."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np

from keras_suite.errors import InputError


def read_pictures(paths: list[Path], shape: tuple[int | None, ...]) -> Iterator[np.ndarray]:
    """Read images, those of one size that stand in a row as one array.

    They are turned the way the camera was held, made grey or coloured, and resized where the
    model's size is fixed, as seen by its signature.

    Args:
        paths: of the files, in any format that Pillow reads.
        shape: ``[n, height, width]``, or with an axis of 1 or 3 channels.

    Yields:
        ``[images, ...]`` uint8.

    Raises:
        InputError: naming a file that is no image.
    """
    images = (_read(path, shape) for path in paths)
    for _, same_size in groupby(images, key=np.shape):
        yield np.stack(list(same_size))


def _read(path: Path, shape: tuple[int | None, ...]) -> np.ndarray:
    from PIL import Image, ImageOps

    height, width, *channels = shape[1:]
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file).convert("RGB" if channels == [3] else "L")
    except OSError as error:  # Pillow's UnidentifiedImageError, too
        if error.strerror:
            raise InputError(f"{path} cannot be read: {error.strerror}.") from error
        raise InputError(
            f"{path} is not a whole image: give a file such as PNG or JPEG."
        ) from error
    except (Image.DecompressionBombError, ValueError, SyntaxError) as error:
        raise InputError(f"{path} is no image that can be used: {error}.") from error
    size = width or image.width, height or image.height
    if size != image.size:
        image = image.resize(size, Image.Resampling.BILINEAR)
    array = np.asarray(image, np.uint8)
    return array[..., None] if channels == [1] else array
