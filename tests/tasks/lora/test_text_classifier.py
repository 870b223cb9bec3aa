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
from tests.layers.tiny import NO_POOLER, TEXT, inputs

LARGE = tr.RobertaConfig(
    vocab_size=50265,
    hidden_size=1024,
    num_hidden_layers=24,
    num_attention_heads=16,
    intermediate_size=4096,
    max_position_embeddings=514,
    type_vocab_size=1,
)


def roberta(config):
    module = TFRobertaMainLayer(config, **NO_POOLER, name="roberta")
    return Adopted(module, "last_hidden_state", NO_POOLER)


def count(weights):
    return sum(math.prod(weight.shape) for weight in weights)


def memory(*models):
    """Bytes of all variables, each once, however many models share it."""
    variables = {id(w.value): w.value for model in models for w in model.weights}
    return sum(v.dtype.size * math.prod(v.shape) for v in variables.values())


def test_roberta_large_counts_the_reports_parameters_and_two_adapters_cost_little_memory():
    encoder = roberta(LARGE)
    qqp, mnli = text_classifier(encoder, classes=2), text_classifier(encoder, classes=3)
    assert qqp.count_params() == 355_361_794
    assert mnli.count_params() == 355_362_819
    small = apply_lora(qqp, LoRAConfig(r=8, modules_to_save=head_names(qqp)))
    assert count(w for each in lora_layers(small).values() for w in each.weights) == 786_432
    assert count(weights_trained_whole(small).values()) == 1_051_650
    assert count(small.trainable_weights) == 1_838_082
    large = apply_lora(mnli, LoRAConfig(r=16, modules_to_save=head_names(mnli)))
    assert count(large.trainable_weights) == 2_625_539
    assert memory(qqp, small, large) <= 1.03 * memory(qqp)


@pytest.mark.parametrize(
    ("make", "head", "projection"),
    [
        (lambda: roberta(tr.RobertaConfig(**TEXT)), ("classifier",), "classifier.out_proj"),
        (
            lambda: Adopted(TFBertMainLayer(tr.BertConfig(**TEXT), name="bert"), "pooler_output"),
            ("classifier", "pooler"),
            "classifier",
        ),
        (
            lambda: Adopted(
                TFAlbertMainLayer(tr.AlbertConfig(**TEXT, embedding_size=8), name="albert"),
                "pooler_output",
            ),
            ("classifier", "pooler"),
            "classifier",
        ),
    ],
    ids=["roberta", "bert", "albert"],
)
def test_a_head_of_the_encoders_family_stands_on_it(make, head, projection, tmp_path):
    encoder = make()
    model = text_classifier(encoder, classes=3, token_types=True)
    rows = inputs("bert") | {"token_type_ids": np.zeros((3, 7), "int32")}
    logits = model.predict(rows, verbose=0)
    assert logits.shape == (3, 3)
    assert head_names(model) == head
    assert model.get_layer(projection).units == 3
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.array_equal(loaded.predict(rows, verbose=0), logits)


def test_padding_changes_no_logit():
    model = text_classifier(roberta(tr.RobertaConfig(**TEXT)), classes=2)
    rows = inputs("bert")
    padded = {
        "input_ids": np.pad(rows["input_ids"], ((0, 0), (0, 4)), constant_values=1),
        "attention_mask": np.pad(rows["attention_mask"], ((0, 0), (0, 4))),
    }
    logits = model.predict(rows, verbose=0)
    assert np.allclose(model.predict(padded, verbose=0), logits, atol=1e-5)
