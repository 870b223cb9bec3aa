"""The forms in which public repositories and folders keep their weights."""

import json

import h5py
import ml_dtypes
import numpy as np
import pytest
import transformers as tr
from safetensors.numpy import save_file

from keras_suite.errors import InputError
from keras_suite.models.encoders import FAMILIES, load_encoder
from tests.layers.tiny import TEXT, inputs
from tests.models.checkpoints import as_pytorch, randomize, write_checkpoint

KERNEL = "bert.encoder.layer.0.intermediate.dense.weight"
FORMAT = {"format": "pt"}


@pytest.fixture(scope="module")
def original():
    model = tr.TFBertForSequenceClassification(tr.BertConfig(**TEXT))
    randomize(model)
    return model


@pytest.fixture
def folder(original, tmp_path):
    """A folder of config.json alone."""
    original.config.save_pretrained(tmp_path)
    return tmp_path


def sharded(folder, arrays):
    halves = [dict(list(arrays.items())[i::2]) for i in range(2)]
    files = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    for file, half in zip(files, halves, strict=True):
        save_file(half, folder / file, metadata=FORMAT)
    places = {name: file for file, half in zip(files, halves, strict=True) for name in half}
    index = {"metadata": {"total_size": 1}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def old_names(arrays):
    names = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    for new, old in names.items():
        arrays = {name.replace(new, old): array for name, array in arrays.items()}
    return arrays


WRITERS = {
    "without its format": lambda folder, a: save_file(a, folder / "model.safetensors"),
    "of old names": lambda folder, a: write(folder, old_names(a)),
    "in shards": sharded,
    "float16": lambda folder, a: write(folder, {k: v.astype(np.float16) for k, v in a.items()}),
    "bfloat16": lambda folder, a: write(
        folder, {k: v.astype(ml_dtypes.bfloat16) for k, v in a.items()}
    ),
}


def write(folder, arrays):
    save_file(arrays, folder / "model.safetensors", metadata=FORMAT)


@pytest.mark.parametrize("form", WRITERS)
def test_safetensors_of_any_form_give_what_was_saved(form, original, folder):
    WRITERS[form](folder, as_pytorch(original))
    expected = original.bert(**inputs("bert")).last_hidden_state
    error = np.abs(load_encoder(folder, tokens=True)(inputs("bert")) - expected).max()
    assert error <= {"float16": 5e-3, "bfloat16": 5e-2}.get(form, 1e-6)


def test_h5_gives_what_was_saved_and_safetensors_come_before_it(original, folder):
    original.save_pretrained(folder, safe_serialization=False)
    expected = original.bert(**inputs("bert")).last_hidden_state
    assert np.abs(load_encoder(folder, tokens=True)(inputs("bert")) - expected).max() <= 1e-6
    other = tr.TFBertForSequenceClassification(original.config)
    randomize(other, seed=1)
    write(folder, as_pytorch(other))
    expected = other.bert(**inputs("bert")).last_hidden_state
    assert np.abs(load_encoder(folder, tokens=True)(inputs("bert")) - expected).max() <= 1e-6


@pytest.mark.parametrize("form", ["safetensors", "h5"])
def test_a_weight_of_another_shape_with_as_many_elements_is_refused_by_name(form, original, folder):
    if form == "h5":
        original.save_pretrained(folder, safe_serialization=False)
        with h5py.File(folder / "tf_model.h5", "r+") as file:
            found = []
            file.visit(
                lambda name: found.append(name) if "intermediate/dense/kernel" in name else None
            )
            array = file[found[0]][()]
            del file[found[0]]
            file[found[0]] = array.reshape(array.shape[::-1])
    else:
        arrays = as_pytorch(original)
        write(folder, arrays | {KERNEL: np.ascontiguousarray(arrays[KERNEL].T)})
    with pytest.raises(InputError, match=f"lacks 1 of its weights, such as {KERNEL}, or has them"):
        load_encoder(folder)


def test_families_whose_encoders_would_not_fit_are_refused_by_name(folder):
    config = json.loads((folder / "config.json").read_text()) | {"model_type": "mpnet"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="its family mpnet is none of albert, bert, camembert"):
        load_encoder(folder)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_that_is_named_gives_what_transformers_gives(family, tmp_path):
    sizes = TEXT | {"embedding_size": 8} if family in ("albert", "electra") else TEXT
    config = tr.AutoConfig.for_model(family, **sizes)
    model = tr.TFAutoModelForTokenClassification.from_config(config)
    randomize(model)
    write_checkpoint(tmp_path, config, as_pytorch(model))
    main = getattr(model, model.base_model_prefix)
    given = {k: v for k, v in inputs("bert").items() if k != "token_type_ids"}
    error = np.abs(load_encoder(tmp_path, tokens=True)(given) - main(given).last_hidden_state)
    assert error.max() <= 1e-5
