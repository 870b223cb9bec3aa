"""A Keras 3 layer out of any TF module of transformers."""

import importlib
import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_suite.layers.gelu import gelu
from keras_suite.layers.lora import LoRADense
from keras_suite.layers.transformers_tf import AutoConfig, tf_keras

DROPOUT_RATES = "hidden_dropout_prob", "attention_probs_dropout_prob"
PYTORCH_NAMES = {"kernel": "weight", "embeddings": "weight", "gamma": "weight", "beta": "bias"}
PYTORCH_NAMES |= {"moving_mean": "running_mean", "moving_variance": "running_var"}


@keras.saving.register_keras_serializable("keras_suite")
class Adopted(keras.layers.Layer):
    """A TF transformers module (a model, an encoder, a block, embeddings) as a Keras 3 layer.

    transformers' TF classes are tf_keras layers, which Keras 3 does not know. This layer shares
    the module's variables without a copy, so they train, freeze (``trainable``), save and export
    as any layer's do; a variable that the module uses twice is one weight. Weights have the names
    that the same module has in PyTorch, such as ``encoder.layer.0.attention.self.query.weight``.
    The module's dropout layers become Keras', whose random state a file can hold, and its GELU one
    that takes less memory in training. It is called with the module's first argument as a tensor,
    or with its arguments by name in a dict.

    Args:
        module: a layer of ``transformers.models``, whose first argument is its config.
        output: which of its outputs is returned, such as "last_hidden_state"; None for the first.
        arguments: what the module was made with besides its config, such as
            ``{"add_pooling_layer": False}``; JSON values.
        lora: arguments of the :class:`LoRADense` that goes over a dense layer, by its path.
        trains: names of the only weights of the module that train; None for all.
        weight_names: in the module's order; None derives PyTorch's from the variables' names.

    Raises:
        ValueError: where ``module`` is none of transformers' TF layers, or has no such dense layer.
    """

    def __init__(
        self,
        module: tf_keras.layers.Layer,
        output: str | None = None,
        arguments: Mapping[str, object] | None = None,
        lora: Mapping[str, Mapping] | None = None,
        trains: Collection[str] | None = None,
        name: str | None = None,
        weight_names: Sequence[str] | None = None,
    ):
        super().__init__(name=name or module.name)
        _require_from_transformers(type(module).__module__, type(module).__name__)
        self.module = module
        self.output_name = output
        self.arguments = dict(arguments or {})
        _build(module)
        variables = {id(variable): variable for variable in module.weights}.values()  # each once
        names = weight_names or [_name(variable.name, module.name) for variable in variables]
        for variable, weight_name in zip(variables, names, strict=True):
            kept = {"trainable": variable.trainable, "dtype": variable.dtype.name}
            shared = keras.Variable(initializer=variable, name=weight_name, **kept)  # no copy
            self._track_variable(shared)
        self.dropouts = _with_keras_dropout_and_lean_gelu(module)
        self.lora_layers = {}
        self._adapt(lora, trains)
        self.built = True

    @tf.autograph.experimental.do_not_convert  # nothing in there is for it, and it takes seconds
    def call(self, inputs: tf.Tensor | Mapping[str, tf.Tensor], training: bool | None = None):
        """Return the chosen output of the module."""
        arguments = inspect.signature(self.module.call).parameters
        if not isinstance(inputs, Mapping):
            inputs = {next(iter(arguments)): inputs}
        outputs = self.module(**_defaults(arguments) | dict(inputs), training=bool(training))
        if self.output_name is not None:
            return outputs[self.output_name]
        return outputs if isinstance(outputs, tf.Tensor) else outputs[0]

    @property
    def module_weights(self) -> list[keras.Variable]:
        """The weights of the module itself, without those of low-rank updates."""
        return [*self._trainable_variables, *self._non_trainable_variables]

    def dense_layers(self) -> dict[str, tuple[tf.Module, str, tf_keras.layers.Dense]]:
        """Return parent, attribute and layer of all dense ones by path, such as pooler.dense."""
        names = {id(w.value): w.name.rpartition(".")[0] for w in self.module_weights}
        return {
            names[id(part.kernel)]: (parent, attribute, part)
            for parent, attribute, part in _parts(self.module)
            if isinstance(part, tf_keras.layers.Dense) and part.built
        }

    def freeze(self) -> None:
        """Let the layer neither train nor drop anything out: it computes as in inference.

        ``trainable = False`` alone leaves dropout on in training, as for any layer of Keras.
        """
        self.trainable = False
        for dropout in self.dropouts:
            dropout.rate = 0.0
        for name in DROPOUT_RATES:
            setattr(self.module.config, name, 0.0)  # for those who load the layer from a file

    def twin(
        self,
        copied: Collection[str] = (),
        lora: Mapping[str, Mapping] | None = None,
        trains: Collection[str] | None = None,
    ) -> "Adopted":
        """Make another layer over the same variables, which occupy their memory once.

        Weights named in ``copied`` are the twin's own, equal at first; ``lora`` and ``trains`` are
        as for the layer itself, which is left as it is.
        """
        originals = {weight.name: weight.value for weight in self.module_weights}

        def reuse_or_copy(create, **arguments):
            name = _name(f"{tf.get_current_name_scope()}/{arguments['name']}", self.name)
            if name in copied:
                return create(**arguments | {"initial_value": originals[name]})
            return originals[name] if name in originals else create(**arguments)

        with tf.variable_creator_scope(reuse_or_copy):
            module = _make(self.get_config())
        return Adopted(
            module, self.output_name, self.arguments, lora, trains, self.name, list(originals)
        )

    def get_config(self) -> dict:
        """Return the module's class and transformers config, so that no network is needed."""
        own = self.module_weights
        trains = [weight.name for weight in own if weight.trainable]
        return {
            "module": type(self.module).__module__,
            "class_name": type(self.module).__name__,
            "config": self.module.config.to_dict(),
            "output": self.output_name,
            "arguments": dict(self.arguments),
            "lora": {path: layer.settings for path, layer in self.lora_layers.items()},
            "trains": None if len(trains) == len(own) else trains,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict) -> "Adopted":
        """Build the module, which must be a TF layer of transformers, for a file to fill."""
        names = "output", "arguments", "lora", "trains", "name"
        return cls(_make(config), **{name: config[name] for name in names})

    def _adapt(self, lora: Mapping[str, Mapping] | None, trains: Collection[str] | None) -> None:
        places = self.dense_layers()
        for path, settings in (lora or {}).items():
            if path not in places:
                raise ValueError(f"{self.name} has no dense layer {path}.")
            parent, attribute, dense = places[path]
            self.lora_layers[path] = LoRADense(dense, **settings)
            setattr(parent, attribute, self.lora_layers[path])
        for weight in self._trainable_variables:
            weight.trainable = trains is None or weight.name in trains


def _require_from_transformers(module: str, class_name: str) -> None:
    if not (module.startswith("transformers.models.") and class_name.startswith("TF")):
        raise ValueError(f"{module}.{class_name} is no TF layer of transformers.")


def _make(config: Mapping) -> tf_keras.layers.Layer:
    _require_from_transformers(config["module"], config["class_name"])
    settings = dict(config["config"])
    settings = AutoConfig.for_model(settings.pop("model_type"), **settings)
    kind = getattr(importlib.import_module(config["module"]), config["class_name"])
    module = kind(settings, **config["arguments"], name=config["name"])
    _build(module)
    return module


def _build(module: tf_keras.layers.Layer) -> None:
    if hasattr(module, "build_in_name_scope"):  # a whole model
        module.build_in_name_scope()
    elif not module.built:
        with tf.name_scope(module.name):
            module.build(None)


def _parts(module: tf.Module) -> Iterator[tuple[tf.Module, str, Any]]:
    """Walk through all parts, each with its parent and the attribute it stands in."""
    for parent in (module, *module.submodules):
        for attribute, part in list(vars(parent).items()):
            yield parent, attribute, part


def _with_keras_dropout_and_lean_gelu(module: tf.Module) -> list[keras.layers.Dropout]:
    """Replace tf_keras' GELU and dropout, whose state is out of reach in the kernels."""
    dropouts = []
    for parent, attribute, part in _parts(module):
        if isinstance(part, tf_keras.layers.Dropout):
            dropouts.append(keras.layers.Dropout(part.rate))
            setattr(parent, attribute, dropouts[-1])
        elif part is tf_keras.activations.gelu:
            setattr(parent, attribute, gelu)
    return dropouts


def _name(variable: str, module: str) -> str:
    """Turn a TF variable's name into PyTorch's, relative to the module of that name."""
    path = f"/{variable}".split(f"/{module}/", 1)[-1].split(":")[0]
    *places, last = path.replace("_._", "/").split("/")
    return ".".join([*places, PYTORCH_NAMES.get(last, last)])


def _defaults(arguments: Mapping[str, inspect.Parameter]) -> dict[str, object]:
    """Blocks have no defaults for what a caller seldom wants: no mask, no further outputs."""
    return {
        name: False if name.startswith("output_") else None
        for name, argument in arguments.items()
        if argument.default is inspect.Parameter.empty
        and argument.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    }
