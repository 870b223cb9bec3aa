"""What of a model a low-rank adapter changes, and how."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from keras_suite.errors import InputError


@dataclass(frozen=True)
class LoRAConfig:
    """A low-rank adapter (LoRA: Hu et al., 2021, arXiv 2106.09685).

    All fields but ``seed`` are those of PEFT's LoraConfig, in name and meaning.

    Args:
        r: rank of every update.
        lora_alpha: each update is scaled by lora_alpha / r.
        lora_dropout: rate on the input of each update while training.
        target_modules: which dense layers get an update: names, each the end of a path (``query``
            is any ``....query``), or one regular expression for whole paths.
        layers_to_transform: indices of the only encoder layers that get one; None for all.
        rank_pattern: other ranks for some: by regular expressions for the ends of paths.
        modules_to_save: names of what else trains, whole, such as the head.
        use_rslora: scale by lora_alpha / sqrt(r) instead (arXiv 2312.03732).
        seed: of the first values and of dropout.
    """

    r: int = 8
    lora_alpha: float = 16.0
    lora_dropout: float = 0.0
    target_modules: tuple[str, ...] | str = ("query", "value")
    layers_to_transform: tuple[int, ...] | None = None
    rank_pattern: Mapping[str, int] = field(default_factory=dict)
    modules_to_save: tuple[str, ...] = ()
    use_rslora: bool = False
    seed: int = 0

    def choose(self, paths: Collection[str]) -> dict[str, dict]:
        """Return the arguments of each update's LoRADense by path, of all dense layers' paths.

        Raises:
            InputError: where a target, layer number or rank pattern matches none of them.
        """
        chosen = self._named(paths)
        if self.layers_to_transform is not None:
            numbers = {n for path in chosen if (n := _layer_of(path)) is not None}
            if missing := [each for each in self.layers_to_transform if each not in numbers]:
                raise InputError(f"There is no layer {missing[0]}; there are {sorted(numbers)}.")
            chosen = [path for path in chosen if _layer_of(path) in self.layers_to_transform]
        for pattern in self.rank_pattern:
            if not any(_ends_in(pattern, path) for path in chosen):
                raise InputError(f"The rank pattern {pattern!r} matches none of {_list(chosen)}.")
        alike = {name: getattr(self, name) for name in ("lora_alpha", "lora_dropout", "use_rslora")}
        own = ({"r": self._rank(path), "seed": self.seed + i} for i, path in enumerate(chosen))
        return {path: alike | each for path, each in zip(chosen, own, strict=True)}

    def _named(self, paths: Collection[str]) -> list[str]:
        targets = self.target_modules
        if isinstance(targets, str):
            found = {targets: [path for path in paths if re.fullmatch(targets, path)]}
        else:
            found = {end: [p for p in paths if f".{p}".endswith(f".{end}")] for end in targets}
        missing = [target for target, named in found.items() if not named]
        if missing or not found:
            what = ", ".join(missing) or "No target"
            raise InputError(f"{what} matches no dense layer; there are {_list(paths)}.")
        chosen = set().union(*found.values())
        return [path for path in paths if path in chosen]

    def _rank(self, path: str) -> int:
        ranks = (rank for end, rank in self.rank_pattern.items() if _ends_in(end, path))
        return next(ranks, self.r)


def _ends_in(pattern: str, path: str) -> bool:
    return re.match(rf"(.*\.)?({pattern})$", path) is not None


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
