"""An image file as the array that a served model reads."""

import warnings
from pathlib import Path

import numpy as np

from keras_suite.errors import InputError, in_a_line
from keras_suite.serving.batches import MAX_BYTES

FORMATS = "PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"
"""That are images alone: an EPS, for one, is a program."""


def read_image(path: Path, height: int | None, width: int | None, *channels: int) -> np.ndarray:
    """Read an image, turned the way the camera was held, as ``[height, width, *channels]`` uint8.

    What is transparent lies on white, and 16 bits of grey become 8. Height and width are what the
    model reads, None for any, and channels 1 (grey) or 3 (colours) where its images have such an
    axis. InputError names a file that is no image, holds several or is not of the model's size.
    """
    from PIL import Image

    try:
        with (
            warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning),
            Image.open(path, formats=FORMATS) as image,
        ):
            problem = _problem(image)
            if not problem:
                image = _upright(image).convert("RGB" if channels == (3,) else "L")
    except Exception as error:  # the library raises whatever its parsers do
        raise InputError(
            f"{path} cannot be read as an image ({in_a_line(error)}): give a whole PNG or JPEG."
        ) from error
    if problem:
        raise InputError(f"{path} {problem}.")
    wanted = width or image.width, height or image.height
    if image.size != wanted:
        raise InputError(
            f"{path} is {image.width} pixels wide and {image.height} high, but the model reads "
            f"{wanted[0]} × {wanted[1]}: crop and resize it."
        )
    array = np.asarray(image, np.uint8)
    return array[..., None] if channels == (1,) else array


def _problem(image) -> str:
    """Say what keeps an image, of which only the head is read, from being used, or nothing."""
    if image.width * image.height * 3 > MAX_BYTES:
        return f"has {image.width} × {image.height} pixels: make it smaller"
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":  # of a telephone
        return f"holds {image.n_frames} images: save the one that is meant"
    if image.mode == "F" or (image.mode == "I" and image.format == "TIFF"):
        return "has 32 bits a pixel, of which nothing says what is white: save it with 8 or 16"
    if image.mode.startswith("I") and image.has_transparency_data:
        return "has transparency beside 16 bits of grey: save it without"
    return ""


def _upright(image):
    """Return an image of 8 bits without transparency, turned the way the camera was held."""
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) / 257).round().astype(np.uint8))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA"))
    return image
