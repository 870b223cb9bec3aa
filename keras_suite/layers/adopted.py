"""A Keras 3 layer out of any TF module of transformers."""

import importlib
import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence

import keras
import tensorflow as tf

from keras_suite.layers.gelu import gelu
from keras_suite.layers.lora import LoRADense
from keras_suite.layers.transformers_tf import AutoConfig, tf_keras

DROPOUT_RATES = "hidden_dropout_prob", "attention_probs_dropout_prob"
PYTORCH_NAMES = {"kernel": "weight", "embeddings": "weight", "gamma": "weight", "beta": "bias"}


@keras.saving.register_keras_serializable("keras_suite")
class Adopted(keras.layers.Layer):
    """A TF transformers module (a model, an encoder, a block, embeddings) as a Keras 3 layer.

    transformers' TF classes are tf_keras layers, which Keras 3 does not know. This layer shares
    the module's variables without a copy, so they train, freeze (``trainable``), save and export
    as any layer's do; a variable that the module uses twice is one weight. Weights have the names
    that the same module has in PyTorch, such as ``encoder.layer.0.attention.self.query.weight``.

    The module's dropout layers become Keras', whose random state a file can hold, and its GELU one
    that takes less memory in training.

    Args:
        module: a layer of ``transformers.models``, whose first argument is its config.
        output: which output of the module this layer returns, such as "last_hidden_state" or
            "logits"; None returns the first, or the only one.
        arguments: what the module was made with besides its config, such as
            ``{"add_pooling_layer": False}``; JSON values.
        lora: for each dense layer of the module that shall become a :class:`LoRADense`, by its
            path, that layer's arguments besides the dense layer.
        trains: names of the only weights of the module that train; None for all.
        name: of the layer.
        weight_names: of the module's weights in their order; None for those that PyTorch's module
            has, as far as the names of the variables tell.

    Raises:
        ValueError: where ``module`` is none of transformers' TF layers, or has no such dense layer.

    Call arguments:
        inputs: the module's first argument as a tensor, or its arguments by name in a dict.
        training: passed on.
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
        variables = unique(module.weights)
        names = weight_names or [_name(variable.name, module.name) for variable in variables]
        for variable, weight_name in zip(variables, names, strict=True):
            self._track_variable(_shared(variable, weight_name))
        self.dropouts = list(_with_keras_dropout(module))
        _use_lean_gelu(module)
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

    def dense_layers(self) -> dict[str, tf_keras.layers.Dense]:
        """Return the module's dense layers by path, such as ``pooler.dense``."""
        return {path: dense for path, *_, dense in self._dense_places()}

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

        Args:
            copied: names of the weights that the twin shall have for itself, equal at first.
            lora: as for the layer itself, which is left as it is.
            trains: likewise.
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
        kind = type(self.module)
        own = self.module_weights
        trains = [weight.name for weight in own if weight.trainable]
        return {
            "module": kind.__module__,
            "class_name": kind.__name__,
            "config": self.module.config.to_dict(),
            "output": self.output_name,
            "arguments": dict(self.arguments),
            "lora": {path: layer.settings for path, layer in self.lora_layers.items()},
            "trains": None if len(trains) == len(own) else trains,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict) -> "Adopted":
        """Build the module anew, with random weights for the file to replace.

        Raises:
            ValueError: where the config names anything but a TF layer of transformers.
        """
        names = "output", "arguments", "lora", "trains", "name"
        return cls(_make(config), **{name: config[name] for name in names})

    def _adapt(self, lora: Mapping[str, Mapping] | None, trains: Collection[str] | None) -> None:
        places = {path: place for path, *place in self._dense_places()}
        for path, settings in (lora or {}).items():
            if path not in places:
                raise ValueError(f"{self.name} has no dense layer {path}.")
            parent, attribute, dense = places[path]
            self.lora_layers[path] = LoRADense(dense, **settings)
            setattr(parent, attribute, self.lora_layers[path])
        for weight in self._trainable_variables:
            weight.trainable = trains is None or weight.name in trains

    def _dense_places(self) -> Iterator[tuple[str, tf.Module, str, tf_keras.layers.Dense]]:
        names = {id(weight.value): weight.name for weight in self.module_weights}
        for parent, attribute, dense in _parts(self.module, tf_keras.layers.Dense):
            if dense.built:
                yield names[id(dense.kernel)].rpartition(".")[0], parent, attribute, dense


def unique(variables: list[tf.Variable]) -> list[tf.Variable]:
    """Return variables in their order, each once."""
    return list({id(variable): variable for variable in variables}.values())


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


def _parts(module: tf.Module, kind: type) -> Iterator[tuple[tf.Module, str, tf.Module]]:
    """Find the layers of a kind, each with its parent and the attribute it stands in."""
    for parent in (module, *module.submodules):
        for attribute, part in list(vars(parent).items()):
            if isinstance(part, kind):
                yield parent, attribute, part


def _with_keras_dropout(module: tf.Module) -> Iterator[keras.layers.Dropout]:
    """Put Keras' dropout in the place of tf_keras', whose state is out of reach in the kernels."""
    for parent, attribute, old in _parts(module, tf_keras.layers.Dropout):
        new = keras.layers.Dropout(old.rate)
        setattr(parent, attribute, new)
        yield new


def _use_lean_gelu(module: tf.Module) -> None:
    for part in (module, *module.submodules):
        for attribute, value in list(vars(part).items()):
            if value is tf_keras.activations.gelu:
                setattr(part, attribute, gelu)


def _name(variable: str, module: str) -> str:
    """Turn a TF variable's name into PyTorch's, relative to the module of that name."""
    path = f"/{variable}".split(f"/{module}/", 1)[-1].split(":")[0]
    *places, last = path.replace("_._", "/").split("/")
    return ".".join([*places, PYTORCH_NAMES.get(last, last)])


def _shared(variable: tf.Variable, name: str) -> keras.Variable:
    """Wrap a variable without copying its value."""
    return keras.Variable(
        initializer=variable, trainable=variable.trainable, dtype=variable.dtype.name, name=name
    )


def _defaults(arguments: Mapping[str, inspect.Parameter]) -> dict[str, object]:
    """Blocks have no defaults for what a caller seldom wants: no mask, no further outputs."""
    return {
        name: False if name.startswith("output_") else None
        for name, argument in arguments.items()
        if argument.default is inspect.Parameter.empty
        and argument.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    }
