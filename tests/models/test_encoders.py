import gc
import logging
import shutil

import huggingface_hub
import numpy as np
import pytest
import transformers as tr
from safetensors.numpy import load_file

from keras_suite.data import hub
from keras_suite.data.wordpiece import wordpiece_of
from keras_suite.models.encoders import encoder_for, load_encoder, random_encoder, require_fit
from tests.data.refusals import refused
from tests.layers.tiny import TEXT, inputs
from tests.models.checkpoints import as_pytorch, randomize, write_checkpoint

ALBERT = tr.AlbertConfig(**TEXT, embedding_size=8, num_labels=3)
CLASSIFIERS = {
    "bert": (tr.TFBertForSequenceClassification, tr.BertConfig(**TEXT, num_labels=3)),
    "roberta": (tr.TFRobertaForSequenceClassification, tr.RobertaConfig(**TEXT, num_labels=3)),
    "albert": (tr.TFAlbertForSequenceClassification, ALBERT),
}
OUTPUTS = {"bert": "pooler_output", "roberta": "last_hidden_state", "albert": "pooler_output"}
HEADS = ("classifier", "lm_head", "cls")
families = pytest.mark.parametrize("family", list(CLASSIFIERS))
BROKEN = [
    ({"config.json": b"{"}, ""),
    ({"config.json": b"{}"}, ""),
    ({"config.json": b'{"model_type": "vit"}'}, ""),
    ({"config.json": None}, ""),
    ({"model.safetensors": b""}, ""),
    ({"model.safetensors": "cut off"}, ""),
    ({"model.safetensors": b"version https://git-lfs.github.com/spec/v1\n"}, ""),
    ({"model.safetensors": None, "pytorch_model.bin": b"x"}, "no model.safetensors and no tf_"),
    ({"model.safetensors": None, "tf_model.h5": b"x"}, ""),
    ({"model.safetensors": "roberta"}, "lacks 37 of its weights, such as embeddings."),
    ({"model.safetensors": "albert"}, "lacks 37 of its weights, such as embeddings."),
]


@pytest.fixture(scope="module")
def originals():
    """A tiny classifier of each family, with no weight that is 0 or 1 by chance."""
    models = {family: kind(config) for family, (kind, config) in CLASSIFIERS.items()}
    for model in models.values():
        randomize(model)
    return models


@pytest.fixture(scope="module")
def folders(originals, tmp_path_factory):
    """The same models as PyTorch would have left them."""
    made = {family: tmp_path_factory.mktemp(family) for family in originals}
    for family, model in originals.items():
        write_checkpoint(made[family], model.config, as_pytorch(model))
    return made


def refusal(folder):
    """The sentence for a folder or name that gives no encoder."""
    remedy = r"fetch config.json and model.safetensors or tf_model.h5 \(pickles"
    with refused(remedy, f"No encoder from {folder} (") as caught:
        load_encoder(folder)
    assert len(str(caught.value)) < 600
    return str(caught.value)


@families
@pytest.mark.parametrize("tokens", [False, True])
def test_a_pytorch_checkpoint_gives_what_its_tf_model_gives(family, tokens, originals, folders):
    encoder = load_encoder(folders[family], tokens)
    outputs = getattr(originals[family], family)(**inputs(family))
    expected = outputs["last_hidden_state" if tokens else OUTPUTS[family]]
    assert np.abs(encoder(inputs(family)) - expected).max() <= 1e-6
    assert encoder.name == family
    assert not any("classifier" in weight.path for weight in encoder.weights)
    pools = not tokens and OUTPUTS[family] == "pooler_output"
    assert any("pooler" in weight.path for weight in encoder.weights) == pools


@families
def test_a_checkpoint_without_a_head_or_the_familys_prefix_or_of_tf_loads_too(
    family, originals, folders, tmp_path
):
    arrays = {
        name.removeprefix(f"{family}."): array
        for name, array in load_file(folders[family] / "model.safetensors").items()
        if not name.startswith(HEADS)
    }
    arrays["embeddings.position_ids"] = np.arange(40)[None]
    write_checkpoint(tmp_path / "headless", originals[family].config, arrays)
    originals[family].save_pretrained(tmp_path / "tf", safe_serialization=True)
    expected = load_encoder(folders[family])(inputs(family))
    for name in ("headless", "tf"):
        encoder = load_encoder(str(tmp_path / name))
        assert np.abs(encoder(inputs(family)) - expected).max() <= 1e-6


def test_a_pooler_that_the_checkpoint_lacks_does_not_matter(originals, folders, tmp_path):
    arrays = load_file(folders["bert"] / "model.safetensors")
    arrays = {name: array for name, array in arrays.items() if "pooler" not in name}
    write_checkpoint(tmp_path, originals["bert"].config, arrays)
    given = load_encoder(tmp_path).module(**inputs("bert")).last_hidden_state
    expected = originals["bert"].bert(**inputs("bert")).last_hidden_state
    assert np.abs(given - expected).max() <= 1e-6


def test_of_the_model_around_the_encoder_nothing_is_said_or_kept(folders, caplog, monkeypatch):
    def count():
        gc.collect()
        return sum(type(thing) is tr.TFBertForSequenceClassification for thing in gc.get_objects())

    before, logger = count(), logging.getLogger("transformers")
    monkeypatch.setattr(logger, "handlers", [caplog.handler])
    encoder = load_encoder(folders["bert"])
    assert not caplog.records
    assert count() == before
    assert encoder.module.weights


def test_a_name_is_found_in_the_hubs_cache_without_a_network(
    folders, tmp_path, monkeypatch, no_network
):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    repository, commit = tmp_path / "models--somebody--tiny", "1" * 40
    shutil.copytree(folders["bert"], repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    expected = load_encoder(folders["bert"])(inputs("bert"))
    assert np.array_equal(load_encoder("somebody/tiny")(inputs("bert")), expected)


def test_a_name_that_cannot_be_had_is_one_sentence_saying_what_to_put_where(tmp_path, no_network):
    assert "https://huggingface.co cannot be reached" in refusal("nobody/no-such-encoder")
    assert "https://huggingface.co cannot be reached" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize(("contents", "reason"), BROKEN)
def test_a_folder_of_broken_or_other_files_is_refused(
    folders, tmp_path, monkeypatch, contents, reason
):
    monkeypatch.delattr(hub, "require_answer")  # nobody is asked
    shutil.copytree(folders["bert"], tmp_path, dirs_exist_ok=True)
    for name, content in contents.items():
        if content == "cut off":
            content = (folders["bert"] / name).read_bytes()[:-10]
        elif content in folders:
            content = (folders[content] / name).read_bytes()
        (tmp_path / name).write_bytes(content or b"")
        if content is None:
            (tmp_path / name).unlink()
    assert reason in refusal(tmp_path)


@pytest.mark.parametrize("written_by", ["pytorch", "tf"])
def test_a_checkpoint_that_leaves_a_weight_at_random_is_refused(
    originals, folders, tmp_path, written_by
):
    if written_by == "tf":
        originals["bert"].save_pretrained(tmp_path, safe_serialization=True)
    else:
        shutil.copy(folders["bert"] / "model.safetensors", tmp_path)
    for setting, value, lacking in (("num_hidden_layers", 3, 16), ("vocab_size", 60, 1)):
        tr.BertConfig(**TEXT | {setting: value}).save_pretrained(tmp_path)
        assert f"lacks {lacking} of its weights, such as bert" in refusal(tmp_path)


def test_a_random_encoder_is_a_small_bert_decided_by_its_seed():
    encoder, same, other = random_encoder(50, 7), random_encoder(50, 7), random_encoder(50, 8)
    given = encoder(inputs("bert"))
    assert given.shape == (3, 64)
    assert np.isfinite(given).all()
    assert np.array_equal(same(inputs("bert")), given)
    assert not np.allclose(other(inputs("bert")), given)
    for_tokens = random_encoder(50, 7, tokens=True)
    hidden = encoder.module(**inputs("bert")).last_hidden_state
    assert np.array_equal(for_tokens(inputs("bert")), hidden)
    assert not any("pooler" in weight.path for weight in for_tokens.weights)
    config = encoder.module.config
    assert (config.num_hidden_layers, config.num_attention_heads) == (2, 2)
    assert (config.vocab_size, config.intermediate_size) == (50, 128)
    for weight in random_encoder(500, 0).module.weights:
        if len(weight.shape) == 2:
            assert weight.numpy().std() == pytest.approx(0.02, abs=0.005)
        else:
            assert np.array_equal(np.unique(weight), [1.0 if "gamma" in weight.name else 0.0])


def test_a_named_encoder_for_tokens_comes_with_the_checks_of_one_that_pools(folders, tmp_path):
    assert encoder_for("tiny", 16, 0, tokens=True)(inputs("bert")).shape == (3, 7, 64)
    shutil.copytree(folders["albert"], tmp_path, dirs_exist_ok=True)
    wordpiece_of(["ab ba"], 50).save_pretrained(tmp_path)
    assert encoder_for(str(tmp_path), 40, 0, tokens=True)(inputs("albert")).shape == (3, 7, 16)
    with refused("more than the 40"):
        encoder_for(str(tmp_path), 41, 0, tokens=True)


def test_more_tokens_or_a_greater_length_than_the_encoder_can_take_are_refused(folders):
    encoder = random_encoder(1050, 0)
    require_fit(encoder, range(1050), 512)
    with refused("has 1,051 tokens .* knows only 1,050: name"):
        require_fit(encoder, range(1051), 16)
    with refused("513 tokens is more than the 512 .* at most 512"):
        require_fit(encoder, range(50), 513)
    for family, room in (("bert", 40), ("albert", 40), ("roberta", 38)):
        encoder = load_encoder(folders[family])
        require_fit(encoder, range(50), room)
        assert encoder(np.full((1, room), 5)).shape[0] == 1
        with refused(f"more than the {room} .* at most {room}"):
            require_fit(encoder, range(50), room + 1)
