"""Small TF transformers models of the four families, and inputs for them."""

import math

import numpy as np
import transformers as tr
from transformers.models.albert.modeling_tf_albert import TFAlbertMainLayer
from transformers.models.roberta.modeling_tf_roberta import TFRobertaMainLayer

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
SIZES |= {"intermediate_size": 32}
TEXT = SIZES | {"vocab_size": 50, "max_position_embeddings": 40}
IMAGES = {"image_size": 8, "patch_size": 4, "hidden_dropout_prob": 0.1}
NO_POOLER = {"add_pooling_layer": False}
FAMILIES = {
    "bert": lambda: tr.TFBertModel(tr.BertConfig(**TEXT), **NO_POOLER),
    "roberta": lambda: TFRobertaMainLayer(tr.RobertaConfig(**TEXT), **NO_POOLER),
    "albert": lambda: TFAlbertMainLayer(tr.AlbertConfig(**TEXT, embedding_size=8), **NO_POOLER),
    "deit": lambda: tr.TFDeiTModel(tr.DeiTConfig(**SIZES | IMAGES), **NO_POOLER),
}


def count(weights):
    """How many numbers they hold."""
    return sum(math.prod(weight.shape) for weight in weights)


def moved(weights, step):
    """Say of each weight whether a step moves it."""
    before = [np.asarray(weight).copy() for weight in weights]
    step()
    return [not np.array_equal(a, b) for a, b in zip(before, weights, strict=True)]


def inputs(family, rows=3, seed=0):
    rng = np.random.default_rng(seed)
    if family == "deit":
        return {"pixel_values": rng.normal(size=(rows, 3, 8, 8)).astype("float32")}
    ids = rng.integers(2, 50, (rows, 7))
    mask = np.ones_like(ids)
    mask[0, 4:] = 0
    return {"input_ids": ids.astype("int32"), "attention_mask": mask.astype("int32")}
