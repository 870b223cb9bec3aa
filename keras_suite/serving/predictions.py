"""A served model's outputs, for a person."""

from collections.abc import Mapping

import numpy as np

NO_ANSWER = "(no answer)"


def columns(outputs: Mapping[str, np.ndarray], classes: list[str] | None) -> dict[str, list[str]]:
    """Write outputs as columns of a table.

    ``probabilities`` ``[n, classes]``, and ``probability`` ``[n]`` of the second of two classes,
    become ``class`` and the ``probability`` of that class. Of others, ``[n, k, ...]`` become
    columns NAME_1, NAME_2, ...

    Args:
        outputs: by name, of n rows each.
        classes: their names, or None where there are none; then they are numbers from 0.

    Returns:
        Columns of n cells. Floats have the fewest digits that tell them from their neighbours.
    """
    table = {}
    for name, values in outputs.items():
        if _is_of_classes(name, values, classes):
            chosen, probability = most_probable(values)
            table["class"] = [_class(i, classes) for i in chosen]
            table["probability"] = _texts(probability)
        elif values.ndim == 1:
            table[name] = _texts(values)
        else:
            flat = values.reshape(len(values), -1)
            table |= {f"{name}_{i + 1}": _texts(column) for i, column in enumerate(flat.T)}
    return table


def sentences(outputs: Mapping[str, np.ndarray], classes: list[str] | None) -> list[str]:
    """Write each row's outputs as a line, numbers to 4 digits.

    A matrix of texts beside one of numbers of the same shape, such as neighbours and cosines, is
    written in pairs.
    """
    texts, numbers = (
        [v for v in outputs.values() if v.ndim == 2 and (v.dtype == object) == of_texts]
        for of_texts in (True, False)
    )
    if len(texts) == len(numbers) == 1 and texts[0].shape == numbers[0].shape:
        return [_pairs(*row) for row in zip(texts[0], numbers[0], strict=True)]
    rows = zip(*(_said(name, values, classes) for name, values in outputs.items()), strict=True)
    return [", ".join(row) for row in rows]


def most_probable(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the class of each row and its probability.

    Args:
        values: ``[n, classes]``, or ``[n]`` of the second of two.
    """
    if values.ndim == 1:
        return (values >= 0.5).astype(int), np.where(values >= 0.5, values, 1 - values)
    return values.argmax(axis=1), values.max(axis=1)


def _said(name: str, values: np.ndarray, classes: list[str] | None) -> list[str]:
    if _is_of_classes(name, values, classes):
        pairs = zip(*most_probable(values), strict=True)
        return [f"{_class(i, classes)}, probability {p:.4g}" for i, p in pairs]
    if name == "answer":
        return [text or NO_ANSWER for text in _texts(values)]
    flat = values.reshape(len(values), -1)
    return [f"{name} {' '.join(map(_short, row))}" for row in flat]


def _is_of_classes(name: str, values: np.ndarray, classes: list[str] | None) -> bool:
    return name in ("probabilities", "probability") and (values.ndim == 2 or bool(classes))


def _class(index: int, classes: list[str] | None) -> str:
    return classes[index] if classes else str(index)


def _pairs(texts: np.ndarray, numbers: np.ndarray) -> str:
    both = zip(texts, numbers, strict=True)
    return ", ".join(f"{_short(text)} {_short(number)}" for text, number in both)


def _texts(values: np.ndarray) -> list[str]:
    if values.dtype == object:
        return [_short(value) for value in values]
    return values.astype(str).tolist()


def _short(value) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return f"{value:.4g}" if isinstance(value, np.floating) else str(value)
