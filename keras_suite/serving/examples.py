"""Rows of a run's test data with what its model made of them, to check an export against."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_suite.errors import InputError, in_a_line
from keras_suite.terminal import files

EXAMPLES = 32  # that a run keeps


@dataclass(frozen=True)
class Examples:
    """Inputs and outputs of an export's ``serving_default``, by name and ``[n, ...]`` each."""

    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]

    @classmethod
    def of(cls, function: Callable, specs: list, inputs: Mapping[str, np.ndarray]) -> "Examples":
        """Compute the outputs of the first 32 rows."""
        import tensorflow as tf

        inputs = {name: np.asarray(array[:EXAMPLES]) for name, array in inputs.items()}
        tensors = {name: tf.constant(array) for name, array in inputs.items()}
        in_one_dict = isinstance(specs[0], dict)
        found = function(tensors) if in_one_dict else function(*(tensors[s.name] for s in specs))
        outputs = {name: each.numpy() for name, each in found.items()}
        for name, array in outputs.items():
            if array.dtype == object:  # TensorFlow's strings would be pickled
                outputs[name] = array.astype(np.bytes_)  # of one length
        return cls(inputs, outputs)

    def __len__(self) -> int:
        """The number of rows."""
        return len(next(iter(self.inputs.values())))

    def save(self, path: Path) -> None:
        """Write an npz file with arrays ``inputs/NAME`` and ``outputs/NAME``, or nothing."""
        arrays = {f"{part}/{name}": a for part, of in vars(self).items() for name, a in of.items()}
        with files.whole(path) as partial, partial.open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> "Examples":
        """Read what :meth:`save` wrote, or raise InputError."""
        parts: dict[str, dict] = {"inputs": {}, "outputs": {}}
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                for key, array in arrays.items():
                    part, _, name = key.partition("/")
                    parts[part][name] = array
            lengths = {len(array) for of in parts.values() for array in of.values()}
            if len(lengths) != 1 or not all(parts.values()):
                raise ValueError("inputs and outputs are not of the same rows")
        except Exception as error:  # whatever a zip file or an array in it can raise
            raise InputError(
                f"{path} cannot be read ({in_a_line(error)}): run the experiment again."
            ) from error
        return cls(**parts)
