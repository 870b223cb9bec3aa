"""What PEFT on PyTorch does with the same base and adapter; run as a process of its own.

python peft_side.py make  FAMILY FOLDER OPTIONS    writes base/, adapter/ and logits.npy
python peft_side.py apply FAMILY FOLDER            reads base/, ours/, writes applied.npy

OPTIONS are those of a LoraConfig, in JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import transformers as tr
from peft import LoraConfig, PeftModel, get_peft_model

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
SIZES |= {"intermediate_size": 32, "num_labels": 3}
TEXT = SIZES | {"vocab_size": 50, "max_position_embeddings": 40}
FAMILIES = {
    "bert": (tr.BertConfig(**TEXT), tr.BertForSequenceClassification),
    "roberta": (tr.RobertaConfig(**TEXT), tr.RobertaForSequenceClassification),
    "albert": (tr.AlbertConfig(**TEXT, embedding_size=8), tr.AlbertForSequenceClassification),
    "deit": (
        tr.DeiTConfig(**SIZES, image_size=8, patch_size=4),
        tr.DeiTForImageClassificationWithTeacher,
    ),
}


def logits(model, folder):
    inputs = {name: torch.tensor(array) for name, array in np.load(folder / "inputs.npz").items()}
    with torch.no_grad():
        return model.eval()(**inputs).logits.numpy()


def make(family, folder, options):
    torch.manual_seed(0)
    config, kind = FAMILIES[family]
    base = kind(config)
    base.save_pretrained(folder / "base")
    model = get_peft_model(base, LoraConfig(**json.loads(options)))
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data.normal_(0, 0.3)
    model.save_pretrained(folder / "adapter")
    np.save(folder / "logits.npy", logits(model, folder))


def apply(family, folder):
    base = FAMILIES[family][1].from_pretrained(folder / "base")
    model = PeftModel.from_pretrained(base, folder / "ours")
    np.save(folder / "applied.npy", logits(model, folder))


if __name__ == "__main__":
    what, family, folder, *options = sys.argv[1:]
    {"make": make, "apply": apply}[what](family, Path(folder), *options)
