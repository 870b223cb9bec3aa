"""Small checkpoints as PyTorch would have left them."""

import numpy as np
from safetensors.numpy import save_file
from transformers import modeling_tf_pytorch_utils as pytorch


def randomize(model, seed=0):
    """Leave no weight of a TF model 0 or 1 by chance."""
    rng = np.random.default_rng(seed)
    model.build_in_name_scope()
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))


def as_pytorch(model):
    arrays, renamed = {}, pytorch.convert_tf_weight_name_to_pt_weight_name
    for weight in model.weights:
        name, transpose = renamed(weight.name, tf_weight_shape=weight.shape)
        array = pytorch.apply_transpose(transpose, weight.numpy(), pt_to_tf=False)
        arrays[name] = np.ascontiguousarray(array)
    return arrays


def write_checkpoint(folder, config, arrays):
    folder.mkdir(exist_ok=True)
    config.save_pretrained(folder)
    save_file(arrays, folder / "model.safetensors", metadata={"format": "pt"})
