"""All that a fit needs to go on exactly where it was, in one file."""

import json
from pathlib import Path

import keras
import numpy as np

from keras_suite import files
from keras_suite.errors import InputError


def save_state(path: Path, model: keras.Model, history: list[dict]) -> None:
    """Write weights, optimizer, the dropout layers' random states and the history.

    One file, moved into place in one step: a kill leaves the state of the epoch before or of this
    one, never a mixture. ``Model.save_weights`` would leave the random states out.
    """
    arrays = {str(i): np.asarray(variable) for i, variable in enumerate(_variables(model))}
    with files.whole(path) as partial, partial.open("wb") as file:
        np.savez(file, history=np.array(json.dumps(history)), **arrays)


def load_state(path: Path, model: keras.Model) -> list[dict]:
    """Bring a freshly built and compiled model to the state in ``path``; return its history.

    Raises:
        InputError: where the state is of another model.
    """
    variables = _variables(model)
    with np.load(path) as saved:
        shapes = [saved[key].shape for key in saved.files if key != "history"]
        if shapes != [tuple(variable.shape) for variable in variables]:
            raise InputError(
                f"{path} is the state of a different model: start again without --resume."
            )
        for i, variable in enumerate(variables):
            variable.assign(saved[str(i)])
        return json.loads(str(saved["history"]))


def load_history(path: Path) -> list[dict]:
    """Return the history in a state and leave the rest unread; none where there is no state."""
    try:
        with np.load(path) as saved:
            return json.loads(str(saved["history"]))
    except FileNotFoundError:
        return []


def _variables(model: keras.Model) -> list:
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]
