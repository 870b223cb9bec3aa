"""All that a fit needs to go on exactly where it was, in one file."""

import json
import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np

from keras_suite.errors import InputError, in_a_line
from keras_suite.terminal import files

OTHERWISE = "start again without --resume."
DAMAGED = EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error
"""What reading a state raises that is not as it was written."""


class State:
    """The file that a fit of a built and compiled model leaves after each epoch and goes on from.

    It holds the weights, the optimizer, the dropout layers' random states and the history.
    ``Model.save_weights`` would leave the random states out. Frozen weights, which may be most of
    a model and never change, are checked and not kept.
    """

    def __init__(self, path: Path, model: keras.Model):
        model.optimizer.build(model.trainable_variables)
        frozen = _frozen(model)
        kept = [variable for variable in model.variables if id(variable) not in frozen]
        self.path = path
        self.variables = [*kept, *model.optimizer.variables]
        self.frozen_checksum = _checksum(frozen.values())

    def save(self, history: list[dict]) -> None:
        """Write the file in one step: a kill leaves this epoch's state or the one before."""
        arrays: dict = {str(i): np.asarray(variable) for i, variable in enumerate(self.variables)}
        arrays |= {"history": np.array(json.dumps(history)), "frozen": self.frozen_checksum}
        with files.whole(self.path) as partial, partial.open("wb") as file:
            np.savez(file, **arrays)

    def load(self) -> list[dict]:
        """Bring the model to the state in the file; return its history, empty where it is missing.

        Raises:
            InputError: where the state is of another model, of one with other frozen weights, or
                damaged.
        """
        try:
            return self._load() if self.path.exists() else []
        except InputError:
            raise
        except DAMAGED as error:
            raise InputError(f"{self.path} is damaged ({in_a_line(error)}): {OTHERWISE}") from error

    def _load(self) -> list[dict]:
        with self.path.open("rb") as file, np.load(file) as saved:
            shapes = [saved[key].shape for key in saved.files if key.isdecimal()]
            if shapes != [tuple(variable.shape) for variable in self.variables]:
                raise InputError(f"{self.path} is the state of a different model: {OTHERWISE}")
            if saved.get("frozen") != self.frozen_checksum:
                raise InputError(
                    f"The frozen weights are not those that {self.path} was begun with: {OTHERWISE}"
                )
            for i, variable in enumerate(self.variables):
                variable.assign(saved[str(i)])
            return json.loads(str(saved["history"]))


def load_history(path: Path) -> list[dict]:
    """Return the history in a state and leave the rest unread; none where there is no state."""
    try:
        with path.open("rb") as file, np.load(file) as saved:
            return json.loads(str(saved["history"]))
    except FileNotFoundError:
        return []


def _frozen(model: keras.Model) -> dict[int, keras.Variable]:
    """Variables by id that were made to be trained and are not.

    Unlike those that never were to be, such as BatchNormalization's averages, which change.
    """
    return {
        id(variable): variable
        for layer in model._flatten_layers()
        for variable in layer._trainable_variables
        if not variable.trainable
    }


def _checksum(variables) -> int:
    checksum = 0
    for variable in variables:
        # As bytes, for types such as bfloat16 that NumPy does not lend to others.
        checksum = zlib.crc32(np.ascontiguousarray(variable).view(np.uint8).data, checksum)
    return checksum
