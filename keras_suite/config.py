"""What every experiment's Config has, and how its fields are read from text or JSON."""

import contextlib
import dataclasses
import io
import json
import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import tyro

from keras_suite.errors import InputError, in_a_line

MOST = 10_000_000  # of any whole number; more rows, units or epochs are a slip
SEEDS = 2**32  # scikit-learn takes those below


def shown(metavar: str, default: str = "", **more: Any) -> Any:
    """Annotate a flag or an argument with what ``--help`` shows as its value and its default."""
    hint = f"(default: {default})" if default else ""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint=hint, **more)


@dataclass(frozen=True)
class ExperimentConfig:
    """Base of an experiment's Config: a frozen dataclass that validates itself.

    Whole numbers must be at least 1, or 0 where their default is 0 or ``MAY_BE_0`` names them, and
    at most 10 million; seeds must be below 2 ** 32. Other numbers must be finite and above 0, or 0
    likewise, and a dropout rate must lie in [0, 1). A field that is None passes: the report decides
    it. ValueError says in a sentence what cannot be used.

    ``recipes`` of a subclass are the values of fields that are None, by what they are for, which
    ``--help`` shows as the defaults.
    """

    MAY_BE_0: ClassVar[tuple[str, ...]] = ("seed",)

    seed: int = 42
    """Seed of everything random: split, resampling, first weights, order, dropout."""
    data: Literal["auto", "real", "sample"] = "auto"
    """auto: --data-dir, else the cache, else a download, else (no network) a sample.
    real: never the sample. sample: always."""
    data_dir: Annotated[Path | None, shown("PATH", "as --data says")] = None
    """The data file or its folder, where you have it already."""
    repeats: int = 1
    """Repeat everything with this many seeds; figures become means with standard deviations."""

    def __init_subclass__(cls, recipes: Mapping[Any, Mapping[str, Any]] = {}):
        for name in dict.fromkeys(name for recipe in recipes.values() for name in recipe):
            values = {what: recipe[name] for what, recipe in recipes.items()}
            metavar = type(next(iter(values.values()))).__name__.upper()
            by_recipe = tyro.conf.arg(metavar=metavar, help_behavior_hint=partial(_default, values))
            cls.__annotations__[name] = Annotated[cls.__annotations__[name], by_recipe]

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            for number in value if isinstance(value, tuple) else [value]:
                if isinstance(number, (int, float)) and not isinstance(number, bool):
                    self._check(field, number, value)
        self._check_seeds()

    def _check(self, field: dataclasses.Field, number: float, value: object) -> None:
        name, may_be_0 = flag(field.name), field.default == 0 or field.name in self.MAY_BE_0
        given = f"not {value!s:.40}"
        if "dropout" in field.name:
            require(0 <= number < 1, f"{name} must lie in [0, 1), {given}")
        elif isinstance(number, float):
            least = "at least" if may_be_0 else "above"
            sound = 0 <= number < math.inf and (may_be_0 or number > 0)
            require(sound, f"{name} must be {least} 0 and finite, {given}")
        else:
            least, most = 0 if may_be_0 else 1, math.inf if field.name == "seed" else MOST
            require(number >= least, f"{name} must be at least {least}, {given}")
            require(number <= most, f"{name} must be at most {most:,}, {given}")

    def _check_seeds(self) -> None:
        most, given = SEEDS - self.repeats, f"not {self.seed!s:.40}"
        last = f"with --repeats {self.repeats} " if self.repeats > 1 else ""
        require(self.seed <= most, f"--seed must {last}be at most {most:,}, {given}")

    def filled(self, recipe: Mapping[str, object], **changes: object) -> Self:
        """Return a copy with changes, in which a recipe decides the other fields that are None."""
        missing = {name: value for name, value in recipe.items() if getattr(self, name) is None}
        return dataclasses.replace(self, **missing | changes)

    def require_at_least(self, least: int, *names: str) -> None:
        """Raise ValueError where a field is below ``least``."""
        for name in names:
            value = getattr(self, name)
            require(value >= least, f"{flag(name)} must be at least {least}, not {value}")


@dataclass(frozen=True)
class PrefixCacheConfig(ExperimentConfig):
    """Base of the Config of an experiment whose networks begin with frozen layers."""

    prefix_cache: bool = True
    """Compute what the frozen layers make of a row once, where that changes nothing."""
    cache_dtype: Literal["float32", "float16"] = "float32"
    """Type of the cache on disk; float16 takes half the space and rounds."""


def _default(values: Mapping[Any, object], shown: str) -> str:
    """Return a field's default for ``--help``: its Config's or, if that is None, the recipes'."""
    by_value: dict[object, list[str]] = {}
    for what, value in values.items():
        by_value.setdefault(value, []).append(what if isinstance(what, str) else " ".join(what))
    of_all = len(by_value) == 1
    recipes = [f"{v}" if of_all else f"{v} for {' and '.join(of)}" for v, of in by_value.items()]
    return f"(default: {', '.join(recipes) if shown == 'None' else shown})"


def flag(name: str) -> str:
    """Return the command-line flag of a Config field."""
    return f"--{name.replace('_', '-')}"


def require(condition: bool, sentence: str) -> None:
    """Raise ValueError with ``sentence`` unless ``condition`` holds."""
    if not condition:
        raise ValueError(sentence)


def read_config(path: Path, config: ExperimentConfig) -> ExperimentConfig:
    """Change ``config`` by a JSON file; raise InputError where file or a field cannot be used."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON ({in_a_line(error)}).") from error
    if not isinstance(fields, dict):
        raise InputError(f"{path} must hold one JSON object: the fields of a Config.")
    return with_fields(config, fields, str(path))


def with_fields(
    config: ExperimentConfig, fields: Mapping[str, object], source: str
) -> ExperimentConfig:
    """Set fields, which JSON or a command line gives, or raise InputError, naming the source."""
    hints = typing.get_type_hints(type(config))
    types = {field.name: hints[field.name] for field in dataclasses.fields(config)}
    values = {}
    for name, value in fields.items():
        if name not in types:
            known = ", ".join(types)
            raise InputError(f"{source}: there is no field {name!r:.40}; the fields are {known}.")
        values[name] = _typed(types[name], value, f"{source}: {name}")
    try:
        return dataclasses.replace(config, **values)
    except ValueError as error:
        raise InputError(f"{source}: {error}") from error


def _typed(kind: type, value: object, what: str) -> object:
    """Let the parser of the command line read the value, so that both take the same."""
    given = value if isinstance(value, list) else [value]
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            read = tyro.cli(kind, args=[str(word) for word in given], console_outputs=False)
        if _fits(read, value):
            return read
    except SystemExit:
        pass
    name = kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "")
    raise InputError(f"{what} must be of type {name}, not {value!r:.60}.")


def _fits(read: object, value: object) -> bool:
    """Tell whether texts were given for texts, and no list for one thing."""
    if isinstance(value, list) and not isinstance(read, tuple):
        return False
    parts = read if isinstance(read, tuple) else (read,)
    given = value if isinstance(value, list) else [value]
    texts = (each for part, each in zip(parts, given, strict=True) if isinstance(part, str | Path))
    return all(isinstance(each, str) for each in texts)
