"""Token ids of texts or pairs of texts, as a tokenizer makes them, kept on disk."""

import copy
import functools
import hashlib
import importlib.metadata
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_suite.data.hub import only_local, require_whole, snapshot_folder
from keras_suite.data.minilm import resolve
from keras_suite.errors import InputError, in_a_line
from keras_suite.terminal import files, notices

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

CACHE_FORMAT = 1  # to be raised whenever the same texts would be stored in another way
RARE = 0.001  # share of a vocabulary that decides nothing
ROWS_AT_A_TIME = 4096  # the tokenizer's own objects hold far more than the ids


@dataclass(frozen=True)
class Encoded:
    """Token ids of n texts or pairs of texts, one row after the other without padding.

    Args:
        input_ids: ``[tokens]`` int32; those of row i begin at ``offsets[i]``.
        offsets: ``[n + 1]`` int64; the last is the number of tokens.
        token_type_ids: ``[tokens]`` int8, or None where the tokenizer makes none.
        max_length: the most tokens a row may have.
        truncated: how many rows had more and lost some.
    """

    input_ids: np.ndarray
    offsets: np.ndarray
    token_type_ids: np.ndarray | None
    max_length: int
    truncated: int

    def __len__(self) -> int:
        """The number of texts or pairs."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each row, ``[n]`` int64."""
        return np.diff(self.offsets)


def load_tokenizer(name_or_path: str | Path) -> "PreTrainedTokenizerFast":
    """Load a fast tokenizer from a folder, or by its name on the Hugging Face hub, or "minilm".

    Without a network a name is looked for in the hub's local cache.

    Raises:
        InputError: saying which files to put where.
    """
    place = str(resolve(name_or_path))
    load = _loaded if Path(place).is_dir() else _of_the_hub
    return copy.deepcopy(load(place))


def _loaded(name_or_path: str) -> "PreTrainedTokenizerFast":
    from transformers import AutoTokenizer

    offline, why = only_local(name_or_path)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            name_or_path, use_fast=True, local_files_only=offline
        )
    except Exception as error:  # the libraries raise whatever their parsers do
        raise _no_tokenizer(name_or_path, why or in_a_line(error)) from error
    if not Path(name_or_path).is_dir() and (folder := snapshot_folder(name_or_path, "main")):
        require_whole(folder)
    if not tokenizer.is_fast:
        raise _no_tokenizer(name_or_path, "it has no fast version")
    if options := _undecided_letters(tokenizer, name_or_path, offline):
        chosen = ", ".join(f"{name}={value}" for name, value in options.items())
        notices.say(
            f"{name_or_path} does not say whether its texts keep their letters, and its vocabulary "
            f"does: its tokenizer is loaded with {chosen}."
        )
        tokenizer = AutoTokenizer.from_pretrained(
            name_or_path, use_fast=True, local_files_only=offline, **options
        )
    return tokenizer


_of_the_hub = functools.cache(_loaded)  # which is asked once, not for each model of a run


def _undecided_letters(tokenizer, name_or_path: str, offline: bool) -> dict[str, bool]:
    """Return options that spare letters which a bare vocabulary has and the defaults would change.

    A folder of vocab.txt alone gets lower case without accents from transformers, and could then
    never make its tokens with capitals, or with letters such as the Persian alef with madda.
    """
    from transformers.models.auto.tokenization_auto import get_tokenizer_config

    if getattr(tokenizer, "do_lower_case", False) is not True or tokenizer.init_kwargs.get(
        "tokenizer_file"
    ):
        return {}
    stated = get_tokenizer_config(name_or_path, local_files_only=offline)
    if stated.get("do_lower_case") is not None or stated.get("strip_accents") is not None:
        return {}
    normalizer = tokenizer.backend_tokenizer.normalizer
    special = set(tokenizer.all_special_tokens)
    words = [word for word in tokenizer.get_vocab() if word not in special and word[0] != "["]
    changed = [word for word in words if normalizer.normalize_str(word) != word]
    if len(changed) <= RARE * len(words):
        return {}
    has_capitals = any(word != word.lower() for word in changed)
    return {"do_lower_case": False} if has_capitals else {"strip_accents": False}


def encode(
    tokenizer: "PreTrainedTokenizerFast",
    columns: Sequence[list[str]],
    max_length: int,
    cache: Path | None = None,
) -> Encoded:
    """Turn texts or pairs into token ids, as the fast ``tokenizer(*columns)`` makes them.

    What has more than ``max_length`` tokens, special ones included, is truncated, of a pair the
    longer text first. The folder ``cache`` keeps the ids, each set in a file named by everything
    it depends on; several processes may use it at once, and nothing is kept where nothing can be.

    Raises:
        InputError: for an empty text, or where ``max_length`` leaves no room for the texts.
    """
    _require_texts(columns)
    _require_room(tokenizer, len(columns) == 2, max_length)
    if cache is None:
        return _encode(tokenizer, columns, max_length)
    file = cache / f"{_key(tokenizer, columns, max_length)}.npz"
    if (encoded := _read_cached(file, max_length)) is None:
        encoded = _encode(tokenizer, columns, max_length)
        arrays = {name: value for name, value in vars(encoded).items() if value is not None}
        try:
            with files.whole(file) as partial:
                np.savez(partial, **arrays)
        except OSError as error:  # it would only have saved time
            notices.say(f"{cache} keeps no token ids: {error.strerror or error}.")
    return encoded


def _no_tokenizer(name_or_path: str | Path, reason: str) -> InputError:
    return InputError(
        f"No tokenizer from {name_or_path} ({reason}): fetch tokenizer_config.json (or "
        "config.json) with tokenizer.json, with vocab.txt, or with vocab.json and merges.txt, put "
        "them into one folder, an encoder's config.json and model.safetensors beside them, and "
        "name that folder."
    )


def _require_texts(columns: Sequence[list[str]]) -> None:
    names = ["empty"] if len(columns) == 1 else ["empty first", "empty second"]
    for row, texts in enumerate(zip(*columns, strict=True)):
        for empty, text in zip(names, texts, strict=True):
            if not text.strip():
                raise InputError(f"Row {row} (from 0) has an {empty} text: leave it out.")


def _require_room(tokenizer: "PreTrainedTokenizerFast", pair: bool, max_length: int) -> None:
    special = tokenizer.num_special_tokens_to_add(pair=pair)
    texts, least = ("two texts", special + 2) if pair else ("a text", special + 1)
    if max_length < least:
        raise InputError(
            f"A length of {max_length} tokens leaves no room for {texts} among this tokenizer's "
            f"{special} special tokens: it must be at least {least}."
        )


def _key(
    tokenizer: "PreTrainedTokenizerFast", columns: Sequence[list[str]], max_length: int
) -> str:
    """SHA-256 of all that decides the ids."""
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    # Left by the last call, whatever it was, and set anew by the next.
    state["truncation"] = state["padding"] = None
    options = attrgetter("truncation_side", "split_special_tokens", "model_input_names")
    version = importlib.metadata.version("tokenizers")
    python_state = [type(tokenizer).__name__, *options(tokenizer), version]
    first, second = (*columns, None)[:2]
    parts = [CACHE_FORMAT, state, python_state, max_length, first, second]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _encode(tokenizer, columns: Sequence[list[str]], max_length: int) -> Encoded:
    ids, types = [np.empty(0, np.int32)], [np.empty(0, np.int8)]
    lengths, truncated = [0], 0
    makes_types = "token_type_ids" in tokenizer.model_input_names
    for start in range(0, len(columns[0]), ROWS_AT_A_TIME):
        batch = tokenizer(
            *(texts[start : start + ROWS_AT_A_TIME] for texts in columns),
            truncation="longest_first",
            max_length=max_length,
            return_attention_mask=False,
        )
        ids.append(np.fromiter(chain.from_iterable(batch["input_ids"]), np.int32))
        if makes_types:
            types.append(np.fromiter(chain.from_iterable(batch["token_type_ids"]), np.int8))
        lengths += map(len, batch["input_ids"])
        truncated += sum(bool(encoding.overflowing) for encoding in batch.encodings)
    all_types = np.concatenate(types) if makes_types else None
    offsets = np.cumsum(lengths, dtype=np.int64)
    return Encoded(np.concatenate(ids), offsets, all_types, max_length, truncated)


def _read_cached(file: Path, max_length: int) -> Encoded | None:
    try:
        # np.load leaves a file open that it was given by name and finds damaged.
        with file.open("rb") as handle, np.load(handle, allow_pickle=False) as stored:
            arrays: dict = {"token_type_ids": None} | dict(stored)
            arrays |= {"max_length": max_length, "truncated": int(arrays["truncated"])}
            return Encoded(**arrays)  # which refuses an array of another name
    except Exception:  # not there, or damaged in one of many ways
        return None
