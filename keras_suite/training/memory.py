"""Training one model after another in bounded memory."""

import keras
from tensorflow.python.framework import ops


def forget_graphs() -> None:
    """Free the graphs of all models that are no longer used.

    ``keras.backend.clear_session`` does so but for a leak: in a graph, every use of
    ``tf.custom_gradient`` (dropout and some losses use it) registers a gradient under a name of
    its own and for ever, which keeps the graph; 4 MB for the smallest models. No model may be in
    training meanwhile.
    """
    registry = ops.gradient_registry._registry
    for name in [name for name in registry if name.startswith("CustomGradient-")]:
        del registry[name]
    keras.backend.clear_session()
