"""What of a model a low-rank adapter changes, and how."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

LAYER_INDEX = re.compile(r".*\.[^.]*\.(\d+)\.")
"""As PEFT finds it: "encoder.layer.3.attention.self.query" is in layer 3."""


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
        """Pick the dense layers that get an update.

        Args:
            paths: of all dense layers there are.

        Returns:
            By path, the arguments of its :class:`keras_suite.layers.lora.LoRADense`.

        Raises:
            ValueError: where a target, layer number or rank pattern matches none of them.
        """
        chosen = self._named(paths)
        if self.layers_to_transform is not None:
            for number in self.layers_to_transform:
                if not any(_layer_of(path) == number for path in chosen):
                    numbers = sorted({_layer_of(path) for path in chosen} - {None})
                    raise ValueError(f"There is no layer {number}; there are {numbers}.")
            chosen = [path for path in chosen if _layer_of(path) in self.layers_to_transform]
        for pattern in self.rank_pattern:
            if not any(_ends_in(pattern, path) for path in chosen):
                raise ValueError(f"The rank pattern {pattern!r} matches none of {_list(chosen)}.")
        return {path: self._settings(path, i) for i, path in enumerate(chosen)}

    def _named(self, paths: Collection[str]) -> list[str]:
        if isinstance(self.target_modules, str):
            chosen = [path for path in paths if re.fullmatch(self.target_modules, path)]
            missing = [] if chosen else [self.target_modules]
        else:
            chosen = [path for path in paths if is_part_of(path, self.target_modules)]
            missing = [
                end for end in self.target_modules if not any(is_part_of(p, [end]) for p in paths)
            ]
        if missing or not chosen:
            what = ", ".join(missing) or "No target"
            raise ValueError(f"{what} matches no dense layer; there are {_list(paths)}.")
        return chosen

    def _settings(self, path: str, place: int) -> dict:
        ranks = [rank for end, rank in self.rank_pattern.items() if _ends_in(end, path)]
        return {
            "r": (ranks or [self.r])[0],
            "lora_alpha": self.lora_alpha,
            "lora_dropout": self.lora_dropout,
            "use_rslora": self.use_rslora,
            "seed": self.seed + place,
        }


def is_part_of(path: str, names: Iterable[str]) -> bool:
    """Return whether a path is one of the names or ends in one."""
    return any(path == name or path.endswith(f".{name}") for name in names)


def _ends_in(pattern: str, path: str) -> bool:
    return re.match(rf"(.*\.)?({pattern})$", path) is not None


def _layer_of(path: str) -> int | None:
    match = LAYER_INDEX.match(path)
    return int(match[1]) if match else None


def _list(paths: Collection[str]) -> str:
    """List the names that paths end in, each with one whole path as an example."""
    examples: dict[str, str] = {}
    for path in paths:
        examples.setdefault(path.rsplit(".", 1)[-1], path)
    return ", ".join(
        name if name == path else f"{name} (as {path})" for name, path in examples.items()
    )
