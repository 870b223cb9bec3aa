"""A Keras 3 layer out of any TF module of transformers."""

import importlib
import inspect
from collections.abc import Mapping

import keras
import tensorflow as tf

from keras_suite.transformers_tf import AutoConfig, tf_keras


@keras.saving.register_keras_serializable("keras_suite")
class Adopted(keras.layers.Layer):
    """A TF transformers module (a model, an encoder, a block, embeddings) as a Keras 3 layer.

    transformers' TF classes are tf_keras layers, which Keras 3 does not know. This layer shares
    the module's variables without a copy, so they train, freeze (``trainable``), save and export
    as any layer's do; a variable that the module uses twice is one weight.

    The module's dropout draws from TensorFlow's global generator, whose state no file holds.

    Args:
        module: a layer of ``transformers.models``, whose first argument is its config.
        output: which output of the module this layer returns, such as "last_hidden_state" or
            "logits"; None returns the first, or the only one.
        arguments: what the module was made with besides its config, such as
            ``{"add_pooling_layer": False}``; JSON values.
        name: of the layer.

    Raises:
        ValueError: where ``module`` is none of transformers' TF layers.

    Call arguments:
        inputs: the module's first argument as a tensor, or its arguments by name in a dict.
        training: passed on.
    """

    def __init__(
        self,
        module: tf_keras.layers.Layer,
        output: str | None = None,
        arguments: Mapping[str, object] | None = None,
        name: str | None = None,
    ):
        super().__init__(name=name or module.name)
        _require_from_transformers(type(module).__module__, type(module).__name__)
        self.module = module
        self.output_name = output
        self.arguments = dict(arguments or {})
        _build(module)
        for variable in unique(module.weights):
            self._track_variable(_shared(variable))
        self.built = True

    def call(self, inputs: tf.Tensor | Mapping[str, tf.Tensor], training: bool | None = None):
        """Return the chosen output of the module."""
        arguments = inspect.signature(self.module.call).parameters
        if not isinstance(inputs, Mapping):
            inputs = {next(iter(arguments)): inputs}
        outputs = self.module(**_defaults(arguments) | dict(inputs), training=bool(training))
        if self.output_name is not None:
            return outputs[self.output_name]
        return outputs if isinstance(outputs, tf.Tensor) else outputs[0]

    def get_config(self) -> dict:
        """Return the module's class and transformers config, so that no network is needed."""
        kind = type(self.module)
        return {
            "module": kind.__module__,
            "class_name": kind.__name__,
            "config": self.module.config.to_dict(),
            "output": self.output_name,
            "arguments": dict(self.arguments),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict) -> "Adopted":
        """Build the module anew, with random weights for the file to replace.

        Raises:
            ValueError: where the config names anything but a TF layer of transformers.
        """
        _require_from_transformers(config["module"], config["class_name"])
        settings = dict(config["config"])
        settings = AutoConfig.for_model(settings.pop("model_type"), **settings)
        kind = getattr(importlib.import_module(config["module"]), config["class_name"])
        module = kind(settings, **config["arguments"])
        return cls(module, config["output"], config["arguments"], config["name"])


def unique(variables: list[tf.Variable]) -> list[tf.Variable]:
    """Return variables in their order, each once."""
    return list({id(variable): variable for variable in variables}.values())


def _require_from_transformers(module: str, class_name: str) -> None:
    if not (module.startswith("transformers.models.") and class_name.startswith("TF")):
        raise ValueError(f"{module}.{class_name} is no TF layer of transformers.")


def _build(module: tf_keras.layers.Layer) -> None:
    if hasattr(module, "build_in_name_scope"):  # a whole model
        module.build_in_name_scope()
    elif not module.built:
        with tf.name_scope(module.name):
            module.build(None)


def _shared(variable: tf.Variable) -> keras.Variable:
    """Wrap a variable without copying its value."""
    return keras.Variable(
        initializer=variable,
        trainable=variable.trainable,
        dtype=variable.dtype.name,
        name=variable.name.split(":")[0].replace("/", "."),
    )


def _defaults(arguments: Mapping[str, inspect.Parameter]) -> dict[str, object]:
    """Blocks have no defaults for what a caller seldom wants: no mask, no further outputs."""
    return {
        name: False if name.startswith("output_") else None
        for name, argument in arguments.items()
        if argument.default is inspect.Parameter.empty
        and argument.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    }
