"""An export called in this process, by TensorFlow alone."""

from pathlib import Path

from keras_suite.errors import InputError, in_a_line
from keras_suite.serving.batches import Call
from keras_suite.serving.card import SIGNATURE
from keras_suite.serving.patterns import without_patterns
from keras_suite.terminal.quiet import start_tensorflow


def local_model(saved_model: Path) -> Call:
    """Load an export, without Keras; this and calls raise InputError where that cannot be done."""
    start_tensorflow(with_keras=False)
    import tensorflow as tf

    try:
        with without_patterns(saved_model) as path:
            loaded = tf.saved_model.load(str(path))  # its signature alone would lose variables
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        raise InputError(f"{saved_model} cannot be loaded: {in_a_line(error)}.") from error

    def call(inputs):
        tensors = {name: tf.constant(array) for name, array in inputs.items()}
        try:
            outputs = loaded.signatures[SIGNATURE](**tensors)
        except (ValueError, TypeError, tf.errors.OpError) as error:
            raise InputError(f"{saved_model} refuses its inputs: {in_a_line(error)}.") from error
        return {name: output.numpy() for name, output in outputs.items()}

    return call
