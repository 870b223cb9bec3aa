"""A model's tail to train in the place of the model, where its beginning is frozen."""

from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from keras_suite.data.split import Arrays
from keras_suite.errors import InputError
from keras_suite.training.prefix import cut
from keras_suite.training.prefix_cache import PrefixCache
from keras_suite.training.rows import ArrayRows, Rows, TextRows


def sizes(
    model: keras.Model, parts: Sequence[Arrays | ArrayRows | TextRows], cache: PrefixCache
) -> dict[Path, int]:
    """Return the bytes that :func:`cached` would store, by file, as :meth:`PrefixCache.sizes`."""
    try:
        prefix, _ = cut(model)
    except InputError:
        return {}
    return cache.sizes(prefix, parts)


def cached(
    model: keras.Model,
    parts: Sequence[Arrays | ArrayRows | TextRows],
    cache: PrefixCache,
    announce: Callable[[str], object] = lambda sentence: None,
    advance: Callable[[float], object] = lambda part: None,
) -> tuple[keras.Model, Sequence[Rows]]:
    """Compute what never changes about the rows of a compiled model once, where there is any.

    ``announce`` is also told why nothing can be kept; all else is as :meth:`PrefixCache.rows` has
    it, ``InputError`` too.

    Returns:
        The tail, compiled as the model is, and the features of each set of rows; or, where nothing
        can be kept, the model and the sets themselves. To train the tail is to train the model.
    """
    try:
        prefix, tail = cut(model)
    except InputError as error:
        announce(str(error))
        return model, list(parts)
    stored = cache.rows(prefix, parts, announce, advance)
    settings = keras.saving.deserialize_keras_object(model.get_compile_config())
    tail.compile(**settings | {"optimizer": model.optimizer})  # is then the model's, if it is saved
    return tail, stored
