"""Pretrained text encoders as Keras 3 layers."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from transformers import (
    BertConfig,
    TFAutoModelForSequenceClassification,
    TFAutoModelForTokenClassification,
)
from transformers.models.bert.modeling_tf_bert import TFBertMainLayer

from keras_suite.data import hub, minilm
from keras_suite.data.needs import Need, pretrained
from keras_suite.data.tokens import load_tokenizer
from keras_suite.data.wordpiece import wordpiece_of
from keras_suite.errors import InputError
from keras_suite.layers.adopted import Adopted
from keras_suite.layers.transformers_tf import tf_keras
from keras_suite.models.checkpoints import find, load_pretrained

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

TINY, TINY_VOCABULARY = "tiny", 1000
FAMILIES = "albert", "bert", "camembert", "distilbert", "electra", "roberta", "xlm-roberta"
FILES = " with the tokenizer's files"


def tokenizer_for(encoder: str, texts: list[str]) -> "PreTrainedTokenizerFast":
    """Load an encoder's tokenizer; make that of the untrained encoder "tiny" from ``texts``.

    Raises:
        InputError: as :func:`keras_suite.data.tokens.load_tokenizer`.
    """
    return wordpiece_of(texts, TINY_VOCABULARY) if encoder == TINY else load_tokenizer(encoder)


def encoder_for(encoder: str, max_length: int, seed: int, tokens: bool = False) -> Adopted:
    """Load an encoder that takes all its tokenizer makes; "tiny" is :func:`random_encoder`.

    Raises:
        InputError: as :func:`load_encoder` and :func:`require_fit`.
    """
    if encoder == TINY:
        return random_encoder(TINY_VOCABULARY, seed, tokens)
    loaded = load_encoder(encoder, tokens)
    require_fit(loaded, load_tokenizer(encoder), max_length)
    return loaded


def needs(encoder: str) -> list[Need]:
    """Say what an encoder and its tokenizer need, which is nothing for "tiny"."""
    if encoder == TINY:
        return []
    need = pretrained("encoder", encoder, lambda: _found(encoder))
    if encoder == minilm.NAME:
        need = replace(need, address=minilm.INSTALL, place=minilm.cached_at())
    return [need]


def _found(encoder: str) -> hub.Checkpoint:
    load_tokenizer(encoder)
    return find(minilm.resolve(encoder), "encoder", FILES, FAMILIES)


def load_encoder(name_or_path: str | Path, tokens: bool = False) -> Adopted:
    """Load a pretrained text encoder of one of the FAMILIES without any head on top.

    The layer maps token ids ``[n, tokens]`` int32, or a dict of ``input_ids``,
    ``attention_mask`` and ``token_type_ids``, to the pooled output ``[n, width]`` float32 in
    families that classify from a pooler (BERT, ALBERT), else to the last hidden state
    ``[n, tokens, width]``. A pooler that the checkpoint lacks starts at random.

    Args:
        name_or_path: "minilm", or a folder with config.json and weights, or a name on the Hugging
            Face hub, as :func:`keras_suite.data.hub.find_checkpoint` has it.
        tokens: give the last hidden state ``[n, tokens, width]`` of every family, with no pooler.

    Raises:
        InputError: saying which files to put where; also where the encoder would keep random
            weights because the checkpoint lacks them.
    """
    # What classifies tokens is built without a pooler.
    kind = TFAutoModelForTokenClassification if tokens else TFAutoModelForSequenceClassification
    place = minilm.resolve(name_or_path)
    model = load_pretrained(kind, place, "encoder", _may_lack, FILES, FAMILIES)
    return _adopt(getattr(model, model.base_model_prefix))


def random_encoder(vocab_size: int, seed: int, tokens: bool = False) -> Adopted:
    """Build a BERT of 2 layers, 64 wide, with random weights, where no real ones are to be had.

    It knows nothing of any language: whatever a model on top of it gets right, it learnt from
    its own training data. It is called as BERTs of :func:`load_encoder` are.
    """
    config = BertConfig(
        vocab_size=vocab_size,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
    )
    encoder = _adopt(TFBertMainLayer(config, add_pooling_layer=not tokens, name="bert"))
    rng = np.random.default_rng(seed)
    for weight in encoder.module.weights:
        if len(weight.shape) == 2:  # biases stay 0 and scales 1
            weight.assign(rng.normal(0, config.initializer_range, weight.shape))
    return encoder


def require_fit(encoder: Adopted, tokenizer: "PreTrainedTokenizerFast", max_length: int) -> None:
    """Return where the encoder can take whatever the tokenizer makes, ``max_length`` tokens long.

    Raises:
        InputError: where it has too few token ids or positions.
    """
    module = encoder.module
    if len(tokenizer) > module.config.vocab_size:
        raise InputError(
            f"The tokenizer has {len(tokenizer):,} tokens and the encoder knows only "
            f"{module.config.vocab_size:,}: name the tokenizer that belongs to the encoder."
        )
    # RoBERTa's relatives count positions from the one behind that of padding.
    first_position = getattr(module.embeddings, "padding_idx", -1) + 1
    positions = module.config.max_position_embeddings - first_position
    if max_length > positions:
        raise InputError(
            f"A length of {max_length:,} tokens is more than the {positions:,} this encoder has "
            f"positions for: choose at most {positions:,}."
        )


def _may_lack(model: tf_keras.Model, name: str) -> bool:
    """Tell whether a weight is the head's, which is left behind, or the pooler's."""
    encoder = getattr(model, model.base_model_prefix)
    heads = tuple(layer.name for layer in model.layers if layer is not encoder)
    return name.startswith(heads) or "pooler" in name


def _adopt(module: tf_keras.layers.Layer) -> Adopted:
    if getattr(module, "pooler", None) is not None:
        return Adopted(module, "pooler_output")
    arguments = {"add_pooling_layer": False} if hasattr(module, "pooler") else None
    return Adopted(module, "last_hidden_state", arguments)
