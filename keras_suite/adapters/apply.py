"""Low-rank updates put into a model."""

import keras
from keras.src.models import Functional

from keras_suite.adapters.config import LoRAConfig, is_within
from keras_suite.errors import InputError
from keras_suite.layers.adopted import PYTORCH_NAMES, Adopted
from keras_suite.layers.lora import LoRADense


def apply_lora(model: keras.Model, config: LoRAConfig, strict: bool = True) -> keras.Model:
    """Make a model in which only low-rank updates, and what the config names besides, train.

    The new model shares the frozen weights with the given one, so that several adapters stand on
    one base, each in a model of its own. What trains whole (the head) is a copy. The given model
    computes what it did, but its Keras layers, as far as they are shared, are frozen.

    Args:
        model: Functional or Sequential, of Keras layers and :class:`Adopted` ones. A layer's path
            is its name, after that of the model in the model that holds it, where there is one;
            within an adopted layer, that layer's path and the path there.
        config: of the adapter.
        strict: False lets names and patterns of the config match nothing.

    Returns:
        A model that computes the same as ``model`` at first. It is not compiled.

    Raises:
        InputError: where the model is neither, a pattern matches nothing or a rank is too high.
    """
    if not isinstance(model, (keras.Sequential, Functional)):
        raise InputError(f"LoRA goes into a Functional or Sequential model, not into {model}.")
    if lora_layers(model):
        raise InputError(f"{model.name} has low-rank updates already: begin with its base.")
    chosen, whole = config.choose(_dense_paths(model), strict), config.modules_to_save
    _require_parts(model, whole)
    paths = {id(layer): path for path, layer in _layers(model).items()}

    def adapted(layer: keras.layers.Layer) -> keras.layers.Layer:
        path = paths.get(id(layer))  # an operation such as slicing has none
        return layer if path is None else _adapted(layer, path, chosen, whole)

    return keras.models.clone_model(model, clone_function=adapted, recursive=True)


def lora_layers(model: keras.Model) -> dict[str, LoRADense]:
    """Return the low-rank updates of a model by path."""
    layers = {}
    for path, layer in _layers(model).items():
        if isinstance(layer, LoRADense):
            layers[path] = layer
        if isinstance(layer, Adopted):
            layers |= {f"{path}.{inner}": each for inner, each in layer.lora_layers.items()}
    return layers


def weights_trained_whole(model: keras.Model) -> dict[str, keras.Variable]:
    """Return what training changes besides low-rank updates by path, such as classifier.weight.

    The running averages of a layer that trains are among it.
    """
    changed = {}
    for path, layer in _layers(model).items():
        averages = not isinstance(layer, (Adopted, LoRADense)) and layer.trainable_weights
        for name, weight in _weight_paths(path, layer).items():
            if weight.trainable or averages:
                changed[name] = weight
    updates = {id(w) for layer in lora_layers(model).values() for w in layer.weights}
    return {name: weight for name, weight in changed.items() if id(weight) not in updates}


def train_only(model: keras.Model, names: tuple[str, ...]) -> None:
    """Freeze a model but for these parts, such as its head; raise InputError for any other name."""
    _require_parts(model, names)
    for path, layer in _layers(model).items():
        weights = _weight_paths(path, layer).items()
        frozen = [weight for path, weight in weights if not is_within(path, names)]
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


def _layers(model: keras.Model, prefix: str = "") -> dict[str, keras.layers.Layer]:
    """Return the layers of a model and of the models in it by path, each layer once.

    Raises:
        InputError: where two have one path.
    """
    found: dict[str, keras.layers.Layer] = {}
    for layer in model.layers:
        path = f"{prefix}{layer.name}"
        holds = isinstance(layer, (keras.Sequential, Functional))  # and can be cloned
        inner = _layers(layer, f"{path}.") if holds else {path: layer}
        if clash := [each for each in inner if each in found]:
            raise InputError(f"Two layers of {model.name} are called {clash[0]}: rename one.")
        shared = set(map(id, found.values()))
        found |= {each: one for each, one in inner.items() if id(one) not in shared}
    return found


def _dense_paths(model: keras.Model) -> list[str]:
    paths = []
    for path, layer in _layers(model).items():
        if isinstance(layer, Adopted):
            paths += [f"{path}.{inner}" for inner in layer.dense_layers()]
        elif isinstance(layer, keras.layers.Dense):
            paths.append(path)
    return paths


def _weight_paths(path: str, layer: keras.layers.Layer) -> dict[str, keras.Variable]:
    """Name a layer's weights as PyTorch would."""
    if isinstance(layer, Adopted):
        return {f"{path}.{weight.name}": weight for weight in layer.module_weights}
    names = {}
    for weight in layer.weights:  # such as query/kernel, of layers of several parts
        *parts, last = f"/{weight.path}".split(f"/{layer.name}/", 1)[-1].split("/")
        names[".".join([path, *parts, PYTORCH_NAMES.get(last, last)])] = weight
    return names


def _require_parts(model: keras.Model, names: tuple[str, ...]) -> None:
    paths = [each for path, layer in _layers(model).items() for each in _weight_paths(path, layer)]
    for name in names:
        if not any(is_within(path, [name]) for path in paths):
            parts = dict.fromkeys(".".join(path.split(".")[:2]) for path in paths)
            raise InputError(f"{name} is no part of the model, which has {', '.join(parts)}, ....")


def _adapted(
    layer: keras.layers.Layer, path: str, chosen: dict[str, dict], whole: tuple[str, ...]
) -> keras.layers.Layer:
    if isinstance(layer, Adopted):
        weights = layer.module_weights
        trained = [w.name for w in weights if is_within(f"{path}.{w.name}", whole)]
        starts = f"{path}."
        updates = {p.removeprefix(starts): s for p, s in chosen.items() if p.startswith(starts)}
        return layer.twin(copied=trained, lora=updates, trains=trained)
    if path in chosen:
        return LoRADense(layer, **chosen[path])
    if any(is_within(weight, whole) for weight in _weight_paths(path, layer)):
        copy = type(layer).from_config(layer.get_config())
        copy.build_from_config(layer.get_build_config())
        copy.set_weights(layer.get_weights())
        copy.trainable = True
        return copy
    layer.trainable = False
    return layer
