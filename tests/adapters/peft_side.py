"""What PEFT on PyTorch does with the same base and adapter; run as a process of its own.

python peft_side.py make  bert|roberta FOLDER    writes base/, adapter/ and logits.npy
python peft_side.py apply bert|roberta FOLDER    reads base/, ours/, writes applied.npy
"""

import sys
from pathlib import Path

import numpy as np
import torch
import transformers as tr
from peft import LoraConfig, PeftModel, get_peft_model

SIZES = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 40,
}
FAMILIES = {
    "bert": (tr.BertConfig, tr.BertForSequenceClassification),
    "roberta": (tr.RobertaConfig, tr.RobertaForSequenceClassification),
}


def logits(model, folder):
    inputs = np.load(folder / "inputs.npz")
    with torch.no_grad():
        return model.eval()(**{k: torch.tensor(v) for k, v in inputs.items()}).logits.numpy()


def make(family, folder):
    torch.manual_seed(0)
    config, kind = FAMILIES[family]
    base = kind(config(**SIZES, num_labels=3))
    base.save_pretrained(folder / "base")
    adapter = LoraConfig(
        task_type="SEQ_CLS",
        r=4,
        lora_alpha=8,
        lora_dropout=0.1,
        target_modules=["query", "value"],
        rank_pattern={"layer.1.attention.self.query": 2},
        modules_to_save=["classifier"] + ["pooler"] * (family == "bert"),
    )
    model = get_peft_model(base, adapter)
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
    {"make": make, "apply": apply}[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))
