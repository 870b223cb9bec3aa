"""How a model is exported for TensorFlow Serving."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from etils import epy

with epy.lazy_imports():
    import tensorflow as tf


@dataclass(frozen=True)
class Served:
    """What the export of a model consists of.

    Args:
        model: a keras.Model that is kept and exported.
        function: from tensors to a dict of tensors by name; the first line of its docstring says
            what goes in and what comes out.
        specs: a tf.TensorSpec for each argument, or a dict of them for one that is a dict.
        examples: test rows by argument, or texts; the first 32 are kept with their outputs.
        card: what a client should know besides: ``classes``, ``columns``, ``text``.
        tokenizer: makes the token ids; kept beside the model.
        adapter: a LoRAConfig: the adapter is kept in the model's place, and merged for the export.
        base: the name of the encoder that the adapter belongs to.
    """

    model: Any
    function: Callable
    specs: list
    examples: Mapping
    card: dict = field(default_factory=dict)
    tokenizer: Any = None
    adapter: Any = None
    base: str = ""


def serve_images(model, about: str, images, output: str = "probabilities", **card) -> Served:
    """Export a model of images ``[n, height, width]``, or these with channels: uint8 in.

    ``about`` says what goes in and comes out, ``images`` are of the test, ``output`` is the name of
    the sole output, and ``card`` is as for :class:`Served`.
    """

    def serving_default(images):
        images = tf.cast(images, model.inputs[0].dtype)
        return {output: model(images, training=False)}  # or random changes would be made

    serving_default.__doc__ = about
    specs = [tf.TensorSpec(model.input_shape, tf.uint8, name="images")]
    return Served(model, serving_default, specs, {"images": images}, card)


def serve_texts(model, about: str, outputs: Callable, rows, tokenizer, **card) -> Served:
    """Export a model of texts: a dict of token ids ``[rows, tokens]`` int32 in.

    ``about`` says what goes in and comes out, ``outputs`` makes a dict of tensors by name of what
    the model gives, ``rows`` are of the test, and ``card`` is as for :class:`Served`.
    """

    def serving_default(inputs):
        return outputs(model(inputs))

    serving_default.__doc__ = about
    specs = {name: tf.TensorSpec([None, None], tf.int32, name=name) for name in model.input}
    return Served(model, serving_default, [specs], rows, card, tokenizer)


def serve_rows(model, about: str, outputs: Callable, rows, columns: list[str], **card) -> Served:
    """Export a model of rows of numbers: ``[n, columns]`` float32 in, else as a model of texts."""

    def serving_default(features):
        return outputs(model(features))

    serving_default.__doc__ = about
    specs = [tf.TensorSpec((None, len(columns)), tf.float32, name="features")]
    return Served(model, serving_default, specs, {"features": rows}, {"columns": columns} | card)
