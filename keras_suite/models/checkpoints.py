"""Pretrained models of transformers, from safetensors alone and with every weight they need."""

from collections.abc import Callable
from pathlib import Path

from huggingface_hub import snapshot_download

from keras_suite.data.tokens import only_local
from keras_suite.errors import InputError, in_a_line
from keras_suite.layers.transformers_tf import tf_keras

CONFIG, WEIGHTS = "config.json", "model.safetensors"


def load_pretrained(
    kind: type,
    name_or_path: str | Path,
    what: str,
    may_lack: Callable[[tf_keras.Model, str], bool],
    also: str = "",
) -> tf_keras.Model:
    """Load a TF model of transformers from a folder or the Hugging Face hub.

    Without a network a name is looked for in the hub's local cache. Pickles are never loaded.

    Args:
        kind: the model's class in transformers, or an auto class.
        name_or_path: a folder with config.json and model.safetensors, or a name on the hub.
        what: the person calls the model, for the error.
        may_lack: whether the model, once loaded, can do without its weight of a name.
        also: what further to fetch, for the error.

    Raises:
        InputError: saying which files to put where; also where the model would keep random
            weights because the checkpoint lacks them.
    """
    try:
        model, report = kind.from_pretrained(
            str(_folder(name_or_path)),
            use_safetensors=True,
            local_files_only=True,
            ignore_mismatched_sizes=True,  # reported, unlike what it raises
            output_loading_info=True,
        )
    except Exception as error:  # the libraries raise whatever their parsers do
        raise _refusal(name_or_path, in_a_line(error, 250), what, also) from error
    lacking = report["missing_keys"] + [name for name, *_ in report["mismatched_keys"]]
    lost = [name for name in lacking if not may_lack(model, name)]
    if lost:
        reason = f"{WEIGHTS} lacks {len(lost)} of its weights, such as {min(lost)}"
        raise _refusal(name_or_path, f"{reason}, or has them in another shape", what, also)
    model.config.name_or_path = ""  # the folder is nothing to save in a model's file
    return model


def _folder(name_or_path: str | Path) -> Path:
    """Return the folder itself, or that of the hub's local cache, filled where need be."""
    folder = Path(name_or_path)
    if not folder.is_dir():
        offline, why = only_local(name_or_path)
        how = {"allow_patterns": [CONFIG, WEIGHTS], "local_files_only": offline}
        try:
            folder = Path(snapshot_download(str(name_or_path), **how))
        except Exception as error:  # huggingface_hub raises many kinds
            raise InputError(why or str(error)) from error
    if not (folder / WEIGHTS).is_file():
        raise InputError(f"it holds no {WEIGHTS}")
    return folder


def _refusal(name_or_path: str | Path, reason: str, what: str, also: str) -> InputError:
    return InputError(
        f"No {what} from {name_or_path} ({reason}): fetch {CONFIG} and {WEIGHTS} (pickles such as "
        f"pytorch_model.bin are never loaded){also}, put them into one folder and name that folder."
    )
