"""A model as a SavedModel that TF Serving loads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from keras_suite.terminal import files


def export(
    model: keras.Model,
    function: Callable[..., dict[str, tf.Tensor]],
    inputs: list[tf.TensorSpec],
    folder: Path,
) -> None:
    """Write ``folder`` (``.../NAME/VERSION``) with ``function`` as its ``serving_default``.

    The function uses the model's variables, and its argument names are the input names; inputs give
    their shapes, of which the first axis, the batch, is left open, and dtypes. The folder appears
    whole, in one step, so that a server never sees half a version.
    """
    archive: Any = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", function, input_signature=inputs)
    with files.whole(folder) as partial:
        archive.write_out(str(partial), verbose=False)
