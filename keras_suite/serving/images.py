"""An image file as the array that a served model reads."""

from pathlib import Path

import numpy as np

from keras_suite.errors import InputError, in_a_line
from keras_suite.serving.batches import MAX_BYTES


def read_image(path: Path, height: int | None, width: int | None, *channels: int) -> np.ndarray:
    """Read an image, turned the way the camera was held, as ``[height, width, *channels]`` uint8.

    The file is of any format that Pillow reads, height and width are what the model reads, None for
    any, and channels 1 (grey) or 3 (colours) where its images have such an axis. InputError names a
    file that is no image or not of the model's size.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as image:
            fits = image.width * image.height * 3 <= MAX_BYTES
            if fits:
                image = ImageOps.exif_transpose(image).convert("RGB" if channels == (3,) else "L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(
            f"{path} cannot be read as an image ({in_a_line(error)}): give a whole PNG or JPEG."
        ) from error
    if not fits:
        raise InputError(f"{path} has {image.width} × {image.height} pixels: make it smaller.")
    wanted = width or image.width, height or image.height
    if image.size != wanted:
        raise InputError(
            f"{path} is {image.width} pixels wide and {image.height} high, but the model reads "
            f"{wanted[0]} × {wanted[1]}: crop and resize it."
        )
    array = np.asarray(image, np.uint8)
    return array[..., None] if channels == (1,) else array
