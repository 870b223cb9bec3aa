"""Pretrained files of a folder or of the Hugging Face hub, none of which is a pickle."""

import functools
import json
import re
import sys
from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from keras_suite.data import download
from keras_suite.data.download import NoNetworkError, require_answer
from keras_suite.data.provenance import git_blob_of_file, sha256_of_file
from keras_suite.errors import InputError, in_a_line
from keras_suite.terminal import notices

CONFIG, SAFETENSORS, SHARDS, H5 = (
    "config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "tf_model.h5",
)
BOT, TITLE = "SFconvertbot", "Adding `safetensors` variant of this model"
"""Who has offered safetensors to repositories that have none, and how its pull requests are
called; the hub keeps their files at refs/pr/N."""

NEVER_READ = ".bin", ".msgpack", ".ot", ".onnx"
CLIENT = "keras_suite"  # in what the hub's client calls itself
KNOWN = {
    "google-bert/bert-base-uncased": ("440 MB", "Apache-2.0"),
    "digitalepidemiologylab/covid-twitter-bert-v2": ("1.5 GB", "MIT"),
    "HooshvareLab/bert-fa-base-uncased": ("1.0 GB", "Apache-2.0"),
    "m3hrdadfi/albert-fa-base-v2": ("73 MB", "Apache-2.0"),
    "FacebookAI/roberta-large": ("1.4 GB", "MIT"),
    "facebook/deit-base-distilled-patch16-224": ("350 MB", "Apache-2.0"),
    "facebook/deit-small-distilled-patch16-224": ("90 MB", "Apache-2.0"),
}
"""Size and licence of the repositories that the experiments name."""


@dataclass(frozen=True)
class Checkpoint:
    """A folder with config.json and weights.

    Args:
        name: as the person gave it.
        folder: where its files lie.
        weights: their names in the folder.
        revision: the commit on the hub; "" for a folder of the person's own.
    """

    name: str
    folder: Path
    weights: tuple[str, ...]
    revision: str = ""

    @property
    def record(self) -> dict[str, str]:
        """What metrics.json keeps: name, revision, and each file's SHA-256."""
        hashes = [sha256_of_file(self.folder / file) for file in self.weights]
        return {"name": self.name, "revision": self.revision, "sha256": " ".join(hashes)}


def find_checkpoint(name_or_path: str | Path, families: Collection[str] = ()) -> Checkpoint:
    """Find weights in a folder, or on the hub, from where they are fetched where need be.

    Taken is the first of: safetensors, in one file or several, tf_model.h5, and on the hub the
    safetensors that its conversion bot offers in an open pull request, which is said on the
    terminal. Without a network a name is looked for in the hub's local cache.

    ``families`` are the model types, of those of transformers, that can be used; all by default.

    Raises:
        InputError: a phrase saying why there are none, or that the family is another.
    """
    if Path(name_or_path).is_dir():
        folder = Path(name_or_path)
        _require_family(folder, families)
        return _in_folder(str(name_or_path), folder)
    return _on_the_hub(str(name_or_path), tuple(families))


@functools.cache  # a model is built more than once in a run
def _on_the_hub(name: str, families: tuple[str, ...]) -> Checkpoint:
    offline, why = only_local(name)
    try:
        found = _cached(name) if offline else _fetched(name, families)
        _require_family(found.folder, families)
        require_whole(found.folder)
        return found
    except InputError:
        raise
    except Exception as error:  # huggingface_hub raises many kinds
        raise InputError(why or in_a_line(error)) from error


def only_local(name_or_path: str | Path) -> tuple[bool, str]:
    """Return whether to look for pretrained files on this machine only, and why ("" for a folder).

    The reason is to be given where they are not found here either.
    """
    from huggingface_hub import configure_http_backend, constants, logging

    if Path(name_or_path).is_dir():
        return True, ""
    configure_http_backend(_session)
    logging.set_verbosity_error()  # what it says of each attempt
    absent = "there is no such folder and no cached copy"
    if constants.HF_HUB_OFFLINE:
        return True, f"HF_HUB_OFFLINE is set, and {absent}"
    try:
        require_answer(constants.ENDPOINT)
    except NoNetworkError as error:
        return True, f"{error}, and {absent}"
    return False, ""


def _session():
    """Return a session in which the hub's client waits for no answer for ever."""
    import requests
    from requests.adapters import HTTPAdapter

    class Adapter(HTTPAdapter):
        def send(self, request, *args, timeout=None, **kwargs):
            timeout = timeout or (download.NO_NETWORK_AFTER, download.STALLED_AFTER)
            return super().send(request, *args, timeout=timeout, **kwargs)

    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter())
    return session


def require_whole(folder: Path) -> None:
    """Compare files of the hub's cache with the hashes that they are called by there.

    Raises:
        InputError: a phrase saying which file is damaged; of those never read, none is.
    """
    for link in folder.iterdir():
        file = link.resolve()
        hashed = {64: sha256_of_file, 40: git_blob_of_file}.get(len(file.name))
        if hashed and link.suffix not in NEVER_READ and hashed(file) != file.name:
            raise InputError(
                f"{link.name} is not the file that the hub has, whose hash is another: delete "
                f"{file} and run the command again"
            )


def _require_family(folder: Path, families: Collection[str]) -> None:
    config = folder / CONFIG
    try:
        family = json.loads(config.read_text(encoding="utf-8")).get("model_type")
    except (OSError, ValueError, AttributeError):
        return  # for transformers to say what is wrong
    if families and family and family not in families:
        raise InputError(f"its family {family} is none of {', '.join(sorted(families))}")


def _in_folder(name: str, folder: Path, revision: str = "") -> Checkpoint:
    weights = weights_among([path.name for path in folder.iterdir()])
    if not weights:
        raise InputError(f"it holds no {SAFETENSORS} and no {H5}")
    return Checkpoint(name, folder, tuple(weights), revision)


def weights_among(files: list[str]) -> list[str]:
    """Return the files of weights to take among those of a repository or folder."""
    if SAFETENSORS in files:
        return [SAFETENSORS]
    if SHARDS in files:
        shards = [file for file in files if re.fullmatch(r"model-\d+-of-\d+\.safetensors", file)]
        return [SHARDS, *sorted(shards)]
    return [H5] if H5 in files else []


def _fetched(name: str, families: Collection[str]) -> Checkpoint:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.utils import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()
    api = HfApi(library_name=CLIENT)
    _require_family(
        Path(snapshot_download(name, allow_patterns=[CONFIG], library_name=CLIENT)), families
    )
    for revision in chain(["main"], _offered(api, name)):
        info = api.model_info(name, revision=revision)
        weights = weights_among([file.rfilename for file in info.siblings or []])
        if weights:
            if revision != "main":
                notices.say(
                    f"{name} has no safetensors of its own: those of the hub's conversion bot are "
                    f"taken ({revision}, commit {(info.sha or '')[:8]})."
                )
            patterns = [CONFIG, *weights]
            place = snapshot_download(
                name, revision=revision, allow_patterns=patterns, library_name=CLIENT
            )
            folder = Path(place)
            return Checkpoint(name, folder, tuple(weights), folder.name)
    raise InputError(f"on the hub it has no {SAFETENSORS}, no {H5} and no offer of the hub's bot")


def _offered(api, name: str):
    """Give the revisions of the bot's open pull requests; asked for where main has no weights."""
    for each in api.get_repo_discussions(name, author=BOT, discussion_type="pull_request"):
        is_open = each.is_pull_request and each.status == "open"
        if is_open and (each.author, each.title) == (BOT, TITLE):
            yield f"refs/pr/{each.num}"


def _cached(name: str) -> Checkpoint:
    offered = sorted((cached_at(name) / "refs" / "refs" / "pr").glob("*"))
    found = [snapshot_folder(name, f"refs/pr/{path.name}") for path in offered]
    found.insert(0, snapshot_folder(name, "main", required=not found))
    for folder in filter(None, found):
        if weights_among([path.name for path in folder.iterdir()]):
            return _in_folder(name, folder, folder.name)
    raise InputError(f"its cached copy holds no {SAFETENSORS} and no {H5}")


def snapshot_folder(name: str, revision: str, required: bool = False) -> Path | None:
    """Return where the hub's cache has files of a revision; None where it has none."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, revision=revision, local_files_only=True))
    except LocalEntryNotFoundError:
        if required:
            raise
        return None


def cached_at(name_or_path: str | Path) -> Path:
    """Return the folder of a person's own, or that of the hub's cache for a name."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    if Path(name_or_path).is_dir():
        return Path(name_or_path)
    folder = repo_folder_name(repo_id=str(name_or_path), repo_type="model")
    return Path(constants.HF_HUB_CACHE) / folder
