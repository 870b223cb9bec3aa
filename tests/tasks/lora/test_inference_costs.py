import numpy as np

from keras_suite.adapters.apply import apply_lora, lora_layers
from keras_suite.adapters.config import LoRAConfig
from keras_suite.models.encoders import random_encoder
from keras_suite.tasks.lora.inference_costs import inference_costs
from keras_suite.tasks.lora.text_classifier import head_names, text_classifier
from tests.training.fits import make_text_rows


def test_it_times_three_models_and_leaves_the_adapted_one_as_it_was():
    base, model = (text_classifier(random_encoder(50, seed=0), classes=2) for _ in range(2))
    adapted = apply_lora(model, LoRAConfig(r=2, modules_to_save=head_names(model)))
    for layer in lora_layers(adapted).values():
        layer.lora_b.assign(np.ones(layer.lora_b.shape))
    rows = make_text_rows(70)
    before = rows.predict(adapted)
    costs = inference_costs(adapted, base, rows)
    assert set(costs) == {f"seconds_per_pair{kind}" for kind in ("", "_merged", "_base")}
    assert all(0 < each < 1 for each in costs.values())
    assert np.array_equal(rows.predict(adapted), before)
    assert not np.array_equal(rows.predict(base), before)
