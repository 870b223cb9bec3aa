"""A model as a SavedModel that TF Serving loads."""

from collections.abc import Callable
from pathlib import Path

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

    Args:
        model: whose variables ``function`` uses.
        function: from tensors to named outputs; its argument names are the input names.
        inputs: shape and dtype of each argument; the first axis is the batch and left open.
        folder: appears whole, in one step, so that a server never sees half a version.
    """
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serving_default", function, input_signature=inputs)
    with files.whole(folder) as partial:
        archive.write_out(str(partial), verbose=False)
