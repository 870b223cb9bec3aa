"""Config fields from text or JSON: what ``--config FILE`` and ``--set field=value`` read."""

import contextlib
import dataclasses
import io
import json
import typing
from collections.abc import Mapping
from pathlib import Path

import tyro

from keras_suite.config import ExperimentConfig
from keras_suite.errors import InputError


def read_config(path: Path, config: ExperimentConfig) -> ExperimentConfig:
    """Change ``config`` by a JSON file, as a search's best.json or a run's config.json.

    Raises:
        InputError: where the file cannot be read or a field is unknown or refused.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON ({error}).") from error
    if not isinstance(fields, dict):
        raise InputError(f"{path} must hold one JSON object: the fields of a Config.")
    return with_fields(config, fields, str(path))


def with_fields(
    config: ExperimentConfig, fields: Mapping[str, object], source: str
) -> ExperimentConfig:
    """Return ``config`` with changed fields.

    Args:
        config: any experiment's.
        fields: by name, values as JSON gives them or as they are typed on a command line.
        source: where they come from, for messages.

    Raises:
        InputError: where a field is unknown, not of its type or refused by the Config.
    """
    types = typing.get_type_hints(type(config))
    values = {}
    for name, value in fields.items():
        if name not in types:
            raise InputError(
                f"{source}: there is no field {name!r}; the fields are {', '.join(types)}."
            )
        values[name] = _typed(types[name], value, f"{source}: {name}")
    try:
        return dataclasses.replace(config, **values)
    except ValueError as error:
        raise InputError(f"{source}: {error}") from error


def _typed(kind: type, value: object, what: str) -> object:
    """Let the parser of the command line read the value, so that both take the same."""
    words = [str(word) for word in (value if isinstance(value, list) else [value])]
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return tyro.cli(kind, args=words, console_outputs=False)
    except SystemExit:
        name = kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "")
        raise InputError(f"{what} must be of type {name}, not {value!r}.") from None
