"""Real handwritten digits that scikit-learn carries, to stand in for larger sets of images."""

import numpy as np

from keras_suite.data.images import Images
from keras_suite.data.provenance import Provenance, sha256_of_arrays


def enlarged_digits() -> Images:
    """Return the 1,797 digits, enlarged from 8 x 8 to 28 x 28, grey."""
    return _images(_enlarged(28), "digits of scikit-learn, enlarged to 28 x 28")


def coloured_digits() -> Images:
    """Return the 1,797 digits, enlarged to 32 x 32, each in a colour on a darker one."""
    strength = _enlarged(32)[..., None] / 255
    rng = np.random.default_rng(0)
    ground = rng.uniform(0, 100, (len(strength), 1, 1, 3))
    ink = rng.uniform(150, 255, (len(strength), 1, 1, 3))
    images = (ground + strength * (ink - ground)).astype("uint8")
    return _images(images, "digits of scikit-learn, enlarged to 32 x 32 and coloured")


def _enlarged(size: int) -> np.ndarray:
    """Return the digits ``[1797, size, size]`` uint8."""
    from PIL import Image
    from sklearn.datasets import load_digits

    grey = (load_digits().images * 255 / 16).astype("uint8")  # pyright: ignore[reportAttributeAccessIssue]
    way = Image.Resampling.BILINEAR
    return np.stack([np.asarray(Image.fromarray(each).resize((size, size), way)) for each in grey])


def _images(X: np.ndarray, source: str) -> Images:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    labels = load_digits().target.astype("int64")  # pyright: ignore[reportAttributeAccessIssue]
    cut: list = train_test_split(X, labels, test_size=360, stratify=labels, random_state=0)
    X, X_test, y, y_test = cut
    provenance = Provenance(source, "sample", len(labels), sha256_of_arrays(X, y, X_test, y_test))
    return Images((X, y), (X_test, y_test), [*"0123456789"], provenance=provenance)
