"""A model in two: what comes before all that training changes, and the rest."""

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

import keras

from keras_suite.errors import InputError

MASK = "attention_mask"


def cut(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Cut a model at the last tensor that is the same at each step and alone leads to the rest.

    What comes before it neither trains nor is random in training (dropout, augmentation; a rate of
    0 is not) nor has averages that training changes. A nested model counts as one layer.

    Args:
        model: Functional or Sequential, built, with Keras' own training step; of one input, or of
            a dict of inputs as texts have them. Of these, ``attention_mask`` ``[rows, tokens]`` may
            be used on both sides of the cut.

    Returns:
        The prefix, from the inputs to that tensor, and the tail, from there to the outputs, both of
        the model's own layers and not compiled: to train the tail is to train the model. The tail
        of a tensor that has a place for each token takes a dict of ``features`` and
        ``attention_mask``, any other the tensor. The tail holds the prefix as ``tail.prefix``: so
        the state of its fit is refused where the prefix has other weights.

    Raises:
        InputError: where no frozen weights come before that tensor, with the reason.
    """
    if (count := len(model.inputs)) > 1 and _mask(model) is None:
        raise _refusal(f"the model has {count} inputs, not one or a dict with {MASK} in it")
    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs, model.outputs)
    depths = sorted(model._nodes_by_depth, reverse=True)  # the inputs are deepest
    nodes = [node for depth in depths for node in model._nodes_by_depth[depth]]
    same = list(takewhile(lambda node: not _change(node), nodes))
    if len(same) == len(nodes):
        raise _refusal("no layer of it trains")
    tensor = _last_alone(model, nodes, same)
    start = model.input if isinstance(model.input, dict) else model.inputs[0]
    prefix = keras.Model(start, tensor, name="prefix")
    if not _has_frozen_weights(prefix):
        raise _refusal(_reason(same, nodes[len(same)]))
    tail = _tail(model, tensor)
    tail.prefix = prefix
    return prefix, tail


def has_tokens(tensor: keras.KerasTensor) -> bool:
    """Tell whether a text model's tensor has a place for each token: ``[rows, tokens, ...]``."""
    return tensor.shape[1:2] == (None,)


def _tail(model: keras.Model, tensor: keras.KerasTensor) -> keras.Model:
    cuts = {"features": tensor}
    if has_tokens(tensor) and (mask := _mask(model)) is not None:
        cuts[MASK] = mask
    starts = {
        name: keras.Input(batch_shape=each.shape, dtype=each.dtype, name=name)
        for name, each in cuts.items()
    }
    # keras.Model(tensor, outputs) fails where the layer before the tensor is used again after it.
    outputs = keras.Function(list(cuts.values()), model.output).call(list(starts.values()))
    return keras.Model(starts if MASK in starts else starts["features"], outputs, name="tail")


def _mask(model: keras.Model) -> keras.KerasTensor | None:
    return model.input.get(MASK) if isinstance(model.input, dict) else None


def _last_alone(model: keras.Model, nodes: Sequence, same: Sequence) -> keras.KerasTensor:
    """Walk over the nodes that stay the same; return the last tensor that was all later ones need.

    In whatever order a graph is walked, all that does not come after such a tensor comes before.
    """
    uses = Counter([*model.outputs, *(tensor for node in nodes for tensor in node.input_tensors)])
    needed, alone, mask = [], model.inputs[0], _mask(model)
    for node in same:
        uses.subtract(node.input_tensors)
        needed = [tensor for tensor in (*needed, *node.outputs) if uses[tensor]]
        rest = [tensor for tensor in needed if tensor is not mask]
        if len(rest) != 1 or getattr(rest[0], "_keras_mask", None) is not None:
            continue  # a mask of Keras' own would be a second tensor
        if len(needed) == 1 or has_tokens(rest[0]):
            alone = rest[0]
    return alone


def _change(node) -> str:
    """Say why what a node makes of a row may differ from step to step; empty where it does not."""
    layers = _layers(node.operation)
    arguments = keras.tree.flatten([node.arguments.args, node.arguments.kwargs])
    variables = [value for value in arguments if isinstance(value, keras.Variable)]
    variables += [variable for layer in layers for variable in layer.trainable_variables]
    if any(variable.trainable for variable in variables):
        return "trains"
    if any(_is_random(layer) for layer in layers):
        return "is random in training"
    averaging = [each for each in layers if isinstance(each, keras.layers.BatchNormalization)]
    return "changes its averages in training" if any(each.trainable for each in averaging) else ""


def _layers(operation) -> list[keras.Layer]:
    """Return a layer and all layers inside it; none for an operation that is no layer."""
    return list(operation._flatten_layers()) if isinstance(operation, keras.Layer) else []


def _is_random(layer: keras.Layer) -> bool:
    names = "rate", "dropout", "recurrent_dropout"
    rates = [getattr(layer, name) for name in names if hasattr(layer, name)]
    return bool(layer._seed_generators) and (not rates or any(rates))


def _has_frozen_weights(operation) -> bool:
    return any(layer._trainable_variables for layer in _layers(operation))  # made to be trained


def _reason(same: Sequence, node) -> str:
    name = node.operation.name
    if any(_has_frozen_weights(node.operation) for node in same):
        return f"more than one tensor leads from its frozen layers to {name} and what follows"
    return f"no frozen weights come before {name}, which {_change(node)}"


def _refusal(reason: str) -> InputError:
    return InputError(f"No part of the model can be computed once and stored: {reason}.")
