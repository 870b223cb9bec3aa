import math

import keras
import numpy as np
import pytest
import transformers as tr
from transformers.models.albert.modeling_tf_albert import TFAlbertMainLayer
from transformers.models.bert.modeling_tf_bert import TFBertMainLayer
from transformers.models.roberta.modeling_tf_roberta import TFRobertaMainLayer

from keras_suite.adapters.apply import apply_lora, lora_layers, weights_trained_whole
from keras_suite.adapters.config import LoRAConfig
from keras_suite.layers.adopted import Adopted
from keras_suite.tasks.lora.text_classifier import head_names, text_classifier
from tests.layers.tiny import NO_POOLER, TEXT, count, inputs

LARGE = {"hidden_size": 1024, "num_attention_heads": 16, "intermediate_size": 4096}
LARGE |= {"max_position_embeddings": 514, "type_vocab_size": 1}
POOLING = {
    "bert": (TFBertMainLayer, tr.BertConfig(**TEXT)),
    "albert": (TFAlbertMainLayer, tr.AlbertConfig(**TEXT, embedding_size=8)),
}


def roberta(config):
    module = TFRobertaMainLayer(config, **NO_POOLER, name="roberta")
    return Adopted(module, "last_hidden_state", NO_POOLER)


def memory(*models):
    """Bytes of all variables, each once, however many models share it."""
    variables = {id(w.value): w.value for model in models for w in model.weights}
    return sum(v.dtype.size * math.prod(v.shape) for v in variables.values())


def test_roberta_large_counts_the_reports_parameters_and_two_adapters_cost_their_own_alone():
    """One layer and 65 words stand for 24 and 50,265."""
    encoder = roberta(tr.RobertaConfig(**LARGE, num_hidden_layers=1, vocab_size=65))
    layer = count(w for w in encoder.weights if w.name.startswith("encoder.layer.0."))
    qqp, mnli = text_classifier(encoder, classes=2), text_classifier(encoder, classes=3)
    left_out = 50_200 * 1024 + 23 * layer
    assert qqp.count_params() + left_out == 355_361_794
    assert mnli.count_params() + left_out == 355_362_819
    trained = []
    for model, r, total in ((qqp, 8, 1_838_082), (mnli, 16, 2_625_539)):
        trained.append(apply_lora(model, LoRAConfig(r=r, modules_to_save=head_names(model))))
        update = count(w for each in lora_layers(trained[-1]).values() for w in each.weights)
        head = count(weights_trained_whole(trained[-1]).values())
        assert count(trained[-1].trainable_weights) == update + head
        assert 24 * update + head == total
    own = 4 * sum(count(model.trainable_weights) for model in trained)
    assert own <= memory(qqp, *trained) - memory(qqp) <= own + 1000  # and states of dropout


@pytest.mark.parametrize("family", ["roberta", "bert", "albert"])
def test_a_head_of_the_encoders_family_stands_on_it(family, tmp_path):
    if family == "roberta":
        encoder = roberta(tr.RobertaConfig(**TEXT))
        head, projection = ("classifier",), "classifier.out_proj"
    else:
        kind, config = POOLING[family]
        encoder = Adopted(kind(config, name=family), "pooler_output")
        head, projection = ("classifier", "pooler"), "classifier"
    model = text_classifier(encoder, classes=3, token_types=True)
    rows = inputs("bert") | {"token_type_ids": np.zeros((3, 7), "int32")}
    logits = np.asarray(model(rows))
    assert logits.shape == (3, 3)
    assert head_names(model) == head
    assert model.get_layer(projection).units == 3
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.array_equal(loaded(rows), logits)
    padded = {name: np.pad(each, ((0, 0), (0, 4))) for name, each in rows.items()}
    padded["input_ids"][:, -4:] = 1
    assert np.allclose(model(padded), logits, atol=1e-5)
