"""The linear head as Keras layers, with the numbers of a fitted `LinearHead`."""

from __future__ import annotations

import keras
import numpy as np

from dl_core.transfer.images.head import LinearHead


class Clip(keras.layers.Layer):
    """Cut values to ±limit."""

    def __init__(self, limit: float, **options: object) -> None:
        super().__init__(**options)
        self.limit = limit

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.ops.clip(x, -self.limit, self.limit)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape


def add_head(x: keras.KerasTensor, head: LinearHead, calm: float = 1.0) -> keras.KerasTensor:
    """Add standardisation, clip, ``logits`` and softmax to an embedding (n, d) and return (n, n_classes).

    With ``calm`` below 1 the inputs of ``logits`` shrink by it and its weights grow by 1 / ``calm``: the same numbers,
    but an optimizer that moves all weights equally far, as Adam does, moves the logits ``calm`` times as far.
    """
    variance = head.spread.astype(np.float64) ** 2
    x = keras.layers.Normalization(mean=head.mean, variance=variance.astype(np.float32), name="standardise")(x)
    x = Clip(head.clip, name="clip")(x)
    if calm != 1.0:
        x = keras.layers.Rescaling(calm, name="calm")(x)
    dense = keras.layers.Dense(head.weights.shape[1], name="logits")
    x = dense(x)
    dense.set_weights([head.weights / calm, head.bias])
    return keras.layers.Softmax(name="probabilities")(x)
