"""A classifier of texts or pairs of texts on an adopted encoder."""

from typing import Any

import keras

from keras_suite.adapters.config import LoRAConfig
from keras_suite.layers.adopted import Adopted


def text_classifier(encoder: Adopted, classes: int, token_types: bool = False) -> keras.Model:
    """Put the classification head of the encoder's family on an encoder.

    The head is the one of transformers' ``...ForSequenceClassification``, with its names and first
    values: RoBERTa's is a dense layer and a projection on the first token, BERT's and ALBERT's a
    projection on the encoder's own pooler.

    Returns:
        From a dict of ``input_ids``, ``attention_mask`` and, where asked for, ``token_type_ids``
        (each ``[rows, tokens]`` int32) to logits ``[rows, classes]`` float32. Not compiled.
    """
    names = ["input_ids", "attention_mask"] + ["token_type_ids"] * token_types
    inputs = {name: keras.Input([None], name=name, dtype="int32") for name in names}
    settings = encoder.module.config  # where a rate has two names and a default; ALBERT's is first
    rates = "classifier_dropout_prob", "classifier_dropout", "hidden_dropout_prob"
    rate = next(rate for name in rates if (rate := getattr(settings, name, None)) is not None)
    features, projection = encoder(inputs), "classifier"
    if encoder.output_name == "last_hidden_state":
        features = keras.layers.Dropout(rate)(features[:, 0])
        dense = _dense(settings.hidden_size, "classifier.dense", settings, activation="tanh")
        features, projection = dense(features), "classifier.out_proj"
    features = keras.layers.Dropout(rate)(features)
    return keras.Model(inputs, _dense(classes, projection, settings, dtype="float32")(features))


def head_names(model: keras.Model) -> tuple[str, ...]:
    """Name the parts of a :func:`text_classifier` that are its head."""
    weights = [weight.name for layer in model.layers for weight in layer.weights]
    pools = any(name.startswith("pooler.") for name in weights)
    return ("classifier", "pooler") if pools else ("classifier",)


def _dense(units: int, name: str, settings, **options) -> keras.layers.Dense:
    start: Any = keras.initializers.TruncatedNormal(stddev=settings.initializer_range)
    return keras.layers.Dense(units, kernel_initializer=start, name=name, **options)


def adapter_of(model: keras.Model, config) -> LoRAConfig:
    """Return the adapter that an experiment's Config asks for; the head trains whole."""
    names = "r", "lora_alpha", "lora_dropout", "target_modules", "seed"
    given = {name: getattr(config, name) for name in names}
    return LoRAConfig(**given, modules_to_save=head_names(model))


def probabilities(logits) -> dict:
    """Return the probability of each class ``[rows, classes]``."""
    return {"probabilities": keras.ops.softmax(logits)}
