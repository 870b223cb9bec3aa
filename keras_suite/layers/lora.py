"""Low-rank adaptation of dense layers (LoRA: Hu et al., 2021, arXiv 2106.09685)."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_suite.errors import InputError
from keras_suite.layers.transformers_tf import tf_keras


@keras.saving.register_keras_serializable("keras_suite")
class LoRADense(keras.layers.Layer):
    """A dense layer plus a trainable update of low rank: x W + b + scale · dropout(x) A B.

    The dense layer's own weights are frozen and shared, not copied. A begins Kaiming-uniform and B
    at zero, as in PEFT, so the layer begins as the dense layer it is put over.

    Args:
        dense: a built Dense of Keras, or of tf_keras as transformers uses it. The weights of the
            latter belong to the layer that adopted its module, and count there.
        r: the rank: columns of A and rows of B.
        lora_alpha: the update is scaled by lora_alpha / r.
        lora_dropout: rate on the input of A while training.
        use_rslora: scale by lora_alpha / sqrt(r) instead (Kalajdzievski, 2023, arXiv 2312.03732).
        seed: of A and of dropout.

    Raises:
        InputError: where ``dense`` is no Dense, the rank is below 1 or above the layer's wider
            side, or the dropout is no rate.
    """

    def __init__(
        self,
        dense: keras.layers.Dense | tf_keras.layers.Dense,
        r: int = 8,
        lora_alpha: float = 16.0,
        lora_dropout: float = 0.0,
        use_rslora: bool = False,
        seed: int = 0,
        name: str | None = None,
    ):
        super().__init__(name=name or dense.name)
        self.supports_masking = True  # as a Dense does
        _check(dense, r, lora_dropout)
        self.dense: Any = dense
        self.r, self.lora_alpha, self.use_rslora, self.seed = r, lora_alpha, use_rslora, seed
        dense.trainable = False
        inputs, units = self.dense.kernel.shape
        bound = 1 / math.sqrt(inputs)  # Kaiming-uniform with a = sqrt(5), PEFT's choice
        uniform = keras.initializers.RandomUniform(-bound, bound, seed=seed)
        self.lora_a = self.add_weight(shape=(inputs, r), initializer=uniform, name="lora_A")
        self.lora_b = self.add_weight(shape=(r, units), initializer="zeros", name="lora_B")
        self.dropout = keras.layers.Dropout(lora_dropout, seed=seed)
        self.original: np.ndarray | None = None  # the kernel, while the update is merged into it
        self.built = True

    @property
    def scale(self) -> float:
        """What A B is multiplied with."""
        return self.lora_alpha / (math.sqrt(self.r) if self.use_rslora else self.r)

    @property
    def settings(self) -> dict:
        """The layer's arguments besides the dense layer and its name; JSON values."""
        kept = {name: getattr(self, name) for name in ("r", "lora_alpha", "use_rslora", "seed")}
        return kept | {"lora_dropout": self.dropout.rate}

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Map ``[..., inputs]`` to ``[..., units]``."""
        outputs = ops.matmul(inputs, self.dense.kernel)
        if self.dense.bias is not None:
            outputs = outputs + self.dense.bias
        if self.original is None:
            update: Any = ops.matmul(self.dropout(inputs, training=training), self.lora_a)
            update = ops.matmul(update, self.lora_b)
            outputs = outputs + self.scale * update
        return self.dense.activation(outputs)

    def merge(self) -> None:
        """Put the update into the kernel; functions that were traced must be traced again."""
        if self.original is None:
            self.original = np.array(ops.convert_to_numpy(self.dense.kernel), copy=True)
            update: Any = ops.matmul(self.lora_a, self.lora_b)
            self.dense.kernel.assign(self.dense.kernel + self.scale * update)

    def unmerge(self) -> None:
        """Take the update out again; the kernel is what it was, to the last bit."""
        if self.original is not None:
            self.dense.kernel.assign(self.original)
            self.original = None

    def save_own_variables(self, store) -> None:
        """Save A and B; raise ValueError where a merged update would be added twice."""
        if self.original is not None:
            raise ValueError(f"{self.name} is merged: unmerge it before it is saved.")
        super().save_own_variables(store)

    def get_config(self) -> dict:
        """Return sizes and the dense layer, where that is Keras' own."""
        if not isinstance(self.dense, keras.layers.Dense):
            raise TypeError(f"{self.name} is part of an adopted module, which is saved as a whole.")
        dense = keras.saving.serialize_keras_object(self.dense)
        return {"dense": dense, "name": self.name} | self.settings

    @classmethod
    def from_config(cls, config: dict) -> "LoRADense":
        """Build the dense layer anew, for a file to fill."""
        dense = keras.saving.deserialize_keras_object(config["dense"])
        return cls(**config | {"dense": dense})


def _check(dense: object, r: int, lora_dropout: float) -> None:
    if not isinstance(dense, (keras.layers.Dense, tf_keras.layers.Dense)):
        raise InputError(f"LoRA goes over a Dense layer, not over {type(dense).__name__}.")
    kernel: Any = dense.kernel
    width = max(kernel.shape)  # PEFT takes higher ranks than a head has classes
    if not 1 <= r <= width:
        raise InputError(f"The rank must be from 1 to {width}, the width of {dense.name}: {r}.")
    if not 0 <= lora_dropout < 1:
        raise InputError(f"The dropout must lie in [0, 1), not {lora_dropout}.")
