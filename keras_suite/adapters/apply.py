"""Low-rank updates put into a model."""

from collections.abc import Iterable

import keras
from keras.src.models import Functional

from keras_suite.adapters.config import LoRAConfig
from keras_suite.errors import InputError
from keras_suite.layers.adopted import PYTORCH_NAMES, Adopted
from keras_suite.layers.lora import LoRADense


def apply_lora(model: keras.Model, config: LoRAConfig) -> keras.Model:
    """Make a model in which only low-rank updates, and what the config names besides, train.

    The new model shares the frozen weights with the given one, so that several adapters stand on
    one base, each in a model of its own. What trains whole (the head) is a copy. The given model
    computes what it did, but its Keras layers, as far as they are shared, are frozen.

    Args:
        model: Functional or Sequential, of Keras layers and :class:`Adopted` ones. A layer's path
            is its name; within an adopted layer, that layer's name and the path there.
        config: of the adapter.

    Returns:
        A model that computes the same as ``model`` at first. It is not compiled.

    Raises:
        InputError: where the model is neither, a pattern matches nothing or a rank is too high.
    """
    if not isinstance(model, (keras.Sequential, Functional)):
        raise InputError(f"LoRA goes into a Functional or Sequential model, not into {model}.")
    if lora_layers(model):
        raise InputError(f"{model.name} has low-rank updates already: begin with its base.")
    chosen, whole = config.choose(_dense_paths(model)), config.modules_to_save
    _require_parts(model, whole)
    return keras.models.clone_model(
        model, clone_function=lambda layer: _adapted(layer, chosen, whole), recursive=True
    )


def lora_layers(model: keras.Model) -> dict[str, LoRADense]:
    """Return the low-rank updates of a model by path."""
    layers = {}
    for layer in _layers(model):
        if isinstance(layer, LoRADense):
            layers[layer.name] = layer
        if isinstance(layer, Adopted):
            layers |= {f"{layer.name}.{path}": each for path, each in layer.lora_layers.items()}
    return layers


def weights_trained_whole(model: keras.Model) -> dict[str, keras.Variable]:
    """Return what trains besides low-rank updates by path, such as ``classifier.weight``."""
    updates = {id(w) for layer in lora_layers(model).values() for w in layer.weights}
    return {
        path: weight
        for layer in _layers(model)
        for path, weight in _weight_paths(layer).items()
        if weight.trainable and id(weight) not in updates
    }


def train_only(model: keras.Model, names: tuple[str, ...]) -> None:
    """Freeze a model but for these parts, such as its head; raise InputError for any other name."""
    _require_parts(model, names)
    for layer in _layers(model):
        frozen = [w for path, w in _weight_paths(layer).items() if not _is_within(path, names)]
        if len(frozen) == len(layer.weights):
            layer.trainable = False
        for weight in frozen:
            weight.trainable = False


def merge(model: keras.Model) -> None:
    """Put all low-rank updates into the kernels, so that the model costs what its base does.

    The base and other adapters on it share the kernels: unmerge before those are used again.
    """
    for layer in lora_layers(model).values():
        layer.merge()
    _trace_anew(model)


def unmerge(model: keras.Model) -> None:
    """Take all updates out again; the kernels are what they were, to the last bit."""
    for layer in lora_layers(model).values():
        layer.unmerge()
    _trace_anew(model)


def _trace_anew(model: keras.Model) -> None:
    model.train_function = model.test_function = model.predict_function = None


def _layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers of a model and of the models in it."""
    return [
        inner
        for layer in model.layers
        for inner in (_layers(layer) if isinstance(layer, keras.Model) else [layer])
    ]


def _dense_paths(model: keras.Model) -> list[str]:
    paths = []
    for layer in _layers(model):
        if isinstance(layer, Adopted):
            paths += [f"{layer.name}.{path}" for path in layer.dense_layers()]
        elif isinstance(layer, keras.layers.Dense):
            paths.append(layer.name)
    return paths


def _weight_paths(layer: keras.layers.Layer) -> dict[str, keras.Variable]:
    """Name a layer's weights as PyTorch would."""
    return {
        f"{layer.name}.{PYTORCH_NAMES.get(weight.name, weight.name)}": weight
        for weight in layer.weights
    }


def _require_parts(model: keras.Model, names: tuple[str, ...]) -> None:
    paths = [path for layer in _layers(model) for path in _weight_paths(layer)]
    for name in names:
        if not any(_is_within(path, [name]) for path in paths):
            parts = dict.fromkeys(".".join(path.split(".")[:2]) for path in paths)
            raise InputError(f"{name} is no part of the model, which has {', '.join(parts)}, ....")


def _is_within(weight_path: str, names: Iterable[str]) -> bool:
    """Return whether a weight belongs to one of the named parts."""
    return any(f".{name}." in f".{weight_path}" for name in names)


def _adapted(
    layer: keras.layers.Layer, chosen: dict[str, dict], whole: tuple[str, ...]
) -> keras.layers.Layer:
    if isinstance(layer, Adopted):
        prefix = f"{layer.name}."
        trained = [w.name for w in layer.weights if _is_within(prefix + w.name, whole)]
        updates = {p.removeprefix(prefix): s for p, s in chosen.items() if p.startswith(prefix)}
        return layer.twin(copied=trained, lora=updates, trains=trained)
    if not isinstance(layer, keras.layers.Layer):
        return layer  # an operation such as slicing
    if layer.name in chosen:
        return LoRADense(layer, **chosen[layer.name])
    if any(_is_within(path, whole) for path in _weight_paths(layer)):
        copy = type(layer).from_config(layer.get_config())
        copy.build_from_config(layer.get_build_config())
        copy.set_weights(layer.get_weights())
        copy.trainable = True
        return copy
    layer.trainable = False
    return layer
