"""Distilled DeiT (arXiv:2012.12877) in Keras layers, for fine-tuning on images of any size."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import keras
from keras import layers
from transformers import DeiTConfig
from transformers import TFDeiTForImageClassificationWithTeacher as TFDeiT

from keras_suite.data.needs import Need, pretrained
from keras_suite.errors import InputError
from keras_suite.layers.adopted import Adopted
from keras_suite.models.checkpoints import find, load_pretrained
from keras_suite.tasks.cifar10.images import dense_head, scaled_images

SIZES: dict[str, dict] = {
    "base": {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072},
    "small": {"hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536},
}
PATCH_SIZE = 16
EMBEDDINGS, NORM = "deit.embeddings", "deit.layernorm"
HEADS = "cls_classifier", "distillation_classifier"
"""On token 0 and token 1."""


def deit_with_imagenet_head(
    image_size: int,
    classes: int,
    weights: str | Path | None,
    size: Literal["base", "small"] = "base",
    train_embeddings: bool = True,
    normalise: Literal["none", "imagenet"] = "none",
) -> keras.Model:
    """Put a new head on the 1,000 ImageNet logits of a distilled DeiT (report section 5).

    The mean of the logits of both ImageNet heads > Dense 256 relu > Dropout 0.5 > Dense softmax.
    Trainable are the embeddings, the last block, the final norm, both ImageNet heads and the new
    head; the base model on 224 pixels and 10 classes counts 9,630,426 parameters there, the
    report's figure, 744,192 of them in the embeddings.

    Images are only scaled by 1/255, as in the report, although DeiT learnt from images that were
    then centred too (means 0.485, 0.456, 0.406 and deviations 0.229, 0.224, 0.225 of the channels).

    Args:
        image_size: pixels to which both sides of an image are resized, bilinearly.
        classes: their number.
        weights: a folder with config.json and model.safetensors, or a name on the Hugging Face
            hub, such as "facebook/deit-base-distilled-patch16-224"; None starts at random, as
            ``keras.utils.set_random_seed`` decides, with the given ``size``.
        size: of no account where weights are given.
        train_embeddings: False freezes all before the last block.
        normalise: "imagenet" centres and scales the channels as DeiT's own images were.

    Returns:
        An uncompiled model from images ``[n, height, width, 3]`` uint8 of any one size to class
        probabilities ``[n, classes]`` float32. Its layers are named as in PyTorch, which adapters
        are saved by: ``deit.embeddings``, ``deit.encoder.layer.0`` and so on,
        ``deit.layernorm``, ``cls_classifier``, ``distillation_classifier``, and what follows.

    Raises:
        InputError: where the weights cannot be had whole, or are for another image size.
    """
    original = _original(weights, size, image_size, spared=())
    trained = [NORM] + [EMBEDDINGS] * train_embeddings
    trunk = _opened(original, original.config.num_labels, normalise, trained)
    for head in HEADS:
        trunk.get_layer(head).set_weights(getattr(original, head).get_weights())
    outputs = dense_head(trunk.outputs[0], classes)
    return keras.Model(trunk.input, outputs, name="deit_with_imagenet_head")


def deit_with_new_heads(
    image_size: int,
    classes: int,
    weights: str | Path | None,
    size: Literal["base", "small"] = "small",
    normalise: Literal["none", "imagenet"] = "none",
) -> keras.Model:
    """Put new heads in the place of both ImageNet heads of a distilled DeiT (report E).

    The class probabilities are the softmax of both heads' mean. Trainable are the last block and
    the heads alone, not the final norm between them; the small model with 10 classes counts
    1,782,164 parameters there, 1,774,464 of them in the block.

    Arguments, images, layers and errors are as :func:`deit_with_imagenet_head` has them; the
    weights, such as "facebook/deit-small-distilled-patch16-224", need no heads.
    """
    trunk = _opened(_original(weights, size, image_size, spared=HEADS), classes, normalise)
    outputs = layers.Activation("softmax", name="probabilities", dtype="float32")(trunk.output)
    return keras.Model(trunk.input, outputs, name="deit_with_new_heads")


def needs(name: str) -> list[Need]:
    """Say what the weights of a name on the Hugging Face hub, or of a folder, need."""
    return [pretrained("DeiT", name, lambda: find(name, "DeiT"))]


def _original(weights: str | Path | None, size: str, image_size: int, spared: tuple) -> TFDeiT:
    """Return transformers' model, whose ``spared`` layers a checkpoint may lack."""
    if weights is None:
        if image_size % PATCH_SIZE or image_size < PATCH_SIZE:
            raise InputError(
                f"DeiT cuts images into patches of {PATCH_SIZE} pixels a side: choose an image "
                f"size that is a multiple of {PATCH_SIZE} instead of {image_size}."
            )
        given: dict = {"image_size": image_size, "patch_size": PATCH_SIZE, "num_labels": 1000}
        original = TFDeiT(DeiTConfig(**SIZES[size] | given))
        original.build_in_name_scope()
        return original
    original = load_pretrained(
        TFDeiT, weights, "DeiT", may_lack=lambda model, name: name.startswith(spared)
    )
    trained_on = original.config.image_size
    if image_size != trained_on:
        raise InputError(
            f"The DeiT from {weights} takes images of {trained_on} pixels a side: choose this "
            f"image size instead of {image_size}."
        )
    return original


def _opened(
    original: TFDeiT, labels: int, normalise: str, trained: Collection[str] = ()
) -> keras.Model:
    """Lay transformers' model out in Keras layers, with heads of ``labels`` logits at random.

    Embeddings and blocks share the variables of the original, which has no other use afterwards.
    Only heads, last block and the layers named in ``trained`` are trainable.
    """
    config = original.config
    images, x = scaled_images(config.image_size, normalise)
    # The channels stay last: only the model around the embeddings wants them first.
    x = Adopted(original.deit.embeddings, name=EMBEDDINGS)(x)
    blocks = [f"deit.encoder.layer.{i}" for i in range(config.num_hidden_layers)]
    for name, block in zip(blocks, original.deit.encoder.layer, strict=True):
        x = Adopted(block, name=name)(x)
    norm = layers.LayerNormalization(epsilon=config.layer_norm_eps, name=NORM)
    x = norm(x)
    norm.set_weights(original.deit.layernorm.get_weights())
    logits = [layers.Dense(labels, name=head)(x[:, token]) for token, head in enumerate(HEADS)]
    model = keras.Model(images, layers.Average(name="logits")(logits))
    for layer in model.layers:
        layer.trainable = layer.name in (blocks[-1], *HEADS, *trained)
    return model
