"""A served model's outputs as columns of a table."""

from collections.abc import Mapping

import numpy as np

from keras_suite.data.spreadsheets import as_shown
from keras_suite.errors import InputError


def columns(outputs: Mapping[str, np.ndarray], classes: list[str] | None) -> dict[str, list[str]]:
    """Write outputs of n rows as columns of n cells.

    ``probabilities`` ``[n, classes]``, and ``probability`` ``[n]`` of the second of two classes,
    become ``class``, a number from 0 for want of names, and the ``probability`` of that class. Of
    others, ``[n, k, ...]`` become columns NAME_1, NAME_2, ... Floats have the fewest digits that
    tell them from their neighbours. Texts are as a spreadsheet may show them. InputError says where
    probabilities are no numbers, or more than there are classes.
    """
    table = {}
    for name, values in outputs.items():
        if name == "probabilities" or (name == "probability" and classes):
            table |= _most_probable(values, classes)
        elif values.ndim == 1:
            table[name] = _texts(values)
        else:
            flat = values.reshape(len(values), -1)
            table |= {f"{name}_{i + 1}": _texts(column) for i, column in enumerate(flat.T)}
    return table


def _most_probable(values: np.ndarray, classes: list[str] | None) -> dict[str, list[str]]:
    if not np.isfinite(values).all():
        raise InputError("The model gives probabilities that are not numbers: train it again.")
    if values.ndim == 1:
        chosen = (values >= 0.5).astype(int)
        probability = np.where(chosen, values, 1 - values)
    else:
        chosen, probability = values.argmax(axis=1), values.max(axis=1)
    if classes and len(classes) < (values.shape[1] if values.ndim > 1 else 2):
        raise InputError(
            f"The model gives more classes than {', '.join(classes)}: export it again."
        )
    names = [as_shown(classes[i]) if classes else str(i) for i in chosen]
    return {"class": names, "probability": _texts(probability)}


def _texts(values: np.ndarray) -> list[str]:
    if values.dtype != object:
        return values.astype(str).tolist()
    texts = (
        each.decode("utf-8", "replace") if isinstance(each, bytes) else each for each in values
    )
    return list(map(as_shown, texts))
