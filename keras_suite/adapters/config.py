"""What of a model a low-rank adapter changes, and how."""

import re
import reprlib
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from typeguard import CollectionCheckStrategy, TypeCheckError, check_type

from keras_suite.adapters.patterns import fully_matched
from keras_suite.errors import InputError, in_a_line

ALL_LINEAR, LARGEST = "all-linear", 10**9
ALL = CollectionCheckStrategy.ALL_ITEMS


@dataclass(frozen=True)
class LoRAConfig:
    """A low-rank adapter (LoRA: Hu et al., 2021, arXiv 2106.09685).

    All fields but ``seed`` are those of PEFT's LoraConfig, in name and meaning.

    Args:
        r: rank of every update.
        lora_alpha: each update is scaled by lora_alpha / r.
        lora_dropout: rate on the input of each update while training.
        target_modules: which dense layers get an update: names, each the end of a path (``query``
            is any ``....query``), one regular expression for whole paths, or ``all-linear``. What
            ``modules_to_save`` names gets none in any case.
        exclude_modules: which of those get none: names or one regular expression.
        layers_to_transform: indices of the only encoder layers that get one; None for all.
        rank_pattern: other ranks for some: by regular expressions for the ends of paths.
        alpha_pattern: other lora_alpha for some, likewise.
        modules_to_save: names of what else trains, whole, such as the head.
        use_rslora: scale by lora_alpha / sqrt(r) instead (arXiv 2312.03732).
        seed: of the first values and of dropout.

    Raises:
        InputError: where a field is of another type.
    """

    r: int = 8
    lora_alpha: float = 16.0
    lora_dropout: float = 0.0
    target_modules: tuple[str, ...] | str = ("query", "value")
    exclude_modules: tuple[str, ...] | str = ()
    layers_to_transform: tuple[int, ...] | None = None
    rank_pattern: Mapping[str, int] = field(default_factory=dict)
    alpha_pattern: Mapping[str, float] = field(default_factory=dict)
    modules_to_save: tuple[str, ...] = ()
    use_rslora: bool = False
    seed: int = 0

    def __post_init__(self):
        for name, kind in typing.get_type_hints(type(self)).items():
            try:
                check_type(value := getattr(self, name), kind, collection_check_strategy=ALL)
            except TypeCheckError:
                what = reprlib.repr(value)
                raise InputError(f"{name} must be of type {kind}, not {what}.") from None
        numbers = self.r, self.lora_alpha, *self.rank_pattern.values(), *self.alpha_pattern.values()
        if not all(abs(number) < LARGEST for number in numbers):  # so is not-a-number
            raise InputError(f"Ranks and lora_alpha must be below {LARGEST:,}.")
        if isinstance(self.target_modules, str) and self.layers_to_transform is not None:
            raise InputError("layers_to_transform goes with target_modules by their names only.")

    def choose(self, paths: Collection[str], strict: bool = True) -> dict[str, dict]:
        """Return the arguments of each update's LoRADense by path, of all dense layers' paths.

        Args:
            paths: of the model's dense layers.
            strict: False lets a target, a layer's index or a pattern match nothing, as PEFT does.

        Raises:
            InputError: where one of them matches nothing, or nothing is left to update.
        """
        chosen = self._targets(paths, strict)
        if self.layers_to_transform is not None:
            numbers = {n for path in chosen if (n := _layer_of(path)) is not None}
            missing = [each for each in self.layers_to_transform if each not in numbers]
            if missing and strict:
                raise InputError(f"There is no layer {missing[0]}; there are {sorted(numbers)}.")
            chosen = [path for path in chosen if _layer_of(path) in self.layers_to_transform]
        if not chosen:
            targets = in_a_line(ascii(self.target_modules))
            raise InputError(
                f"target_modules {targets} matches no dense layer to update; there are "
                f"{_list(paths)}."
            )
        alike = {"lora_dropout": self.lora_dropout, "use_rslora": self.use_rslora}
        ranks = self._by_path("rank_pattern", chosen, strict)
        alphas = self._by_path("alpha_pattern", chosen, strict)
        return {
            path: alike
            | {"r": ranks.get(path, self.r), "lora_alpha": alphas.get(path, self.lora_alpha)}
            | {"seed": self.seed + i}
            for i, path in enumerate(chosen)
        }

    def _targets(self, paths: Collection[str], strict: bool) -> list[str]:
        targets = self.target_modules
        is_all = isinstance(targets, str) and targets.lower() == ALL_LINEAR
        found = {ALL_LINEAR: list(paths)} if is_all else _named(targets, paths)
        missing = [target for target, named in found.items() if not named]
        if missing and strict:
            what = in_a_line(", ".join(missing))
            raise InputError(f"{what} matches no dense layer; there are {_list(paths)}.")
        chosen = set().union(*found.values())
        chosen = chosen.difference(*_named(self.exclude_modules, paths).values())
        return [p for p in paths if p in chosen and not is_within(p, self.modules_to_save)]

    def _by_path(self, name: str, paths: list[str], strict: bool) -> dict[str, float]:
        """Return the value of the first pattern that matches by path."""
        values = getattr(self, name)
        found = fully_matched([rf"(.*\.)?({pattern})" for pattern in values], paths).values()
        by_path: dict[str, float] = {}
        for (pattern, value), matched in zip(values.items(), found, strict=True):
            if strict and not matched:
                kind = name.replace("_", " ")
                raise InputError(f"The {kind} {pattern!r} matches none of {_list(paths)}.")
            for path in matched:
                by_path.setdefault(path, value)
        return by_path


def is_within(path: str, names: Collection[str]) -> bool:
    """Return whether a layer or a weight is, or belongs to, one of the named parts."""
    return any(f".{name}." in f".{path}." for name in names)


def _named(names: tuple[str, ...] | str, paths: Collection[str]) -> dict[str, list[str]]:
    """Return by name the paths that end in it, or those that one regular expression matches."""
    if isinstance(names, str):
        return fully_matched([names], paths)
    return {end: [path for path in paths if f".{path}".endswith(f".{end}")] for end in names}


def _layer_of(path: str) -> int | None:
    """Find it as PEFT does: "encoder.layer.3.attention.self.query" is in layer 3."""
    match = re.match(r".*\.[^.]*\.(\d+)\.", path)
    return int(match[1]) if match else None


def _list(paths: Collection[str]) -> str:
    """List the names that paths end in, each with one whole path as an example."""
    examples: dict[str, str] = {}
    for path in paths:
        examples.setdefault(path.rsplit(".", 1)[-1], path)
    return ", ".join(n if n == path else f"{n} (as {path})" for n, path in examples.items())
