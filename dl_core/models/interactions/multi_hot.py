"""Keras layers of networks that read a whole history at once: which items it holds, cut down, coded and gated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from scipy import sparse

PREDICT_BATCH = 512
FEW_ROWS = 8
LARGEST_CELLS = 12_000_000  # numbers in one dense batch: 48 MB of float32
LENGTH_OFFSET = 1.0  # items


class GatedMultiHot(keras.layers.Layer):
    """From item codes with a gate each to one number an item: (n, length) twice → (n, n_items).

    Parameters
    ----------
    n_items : int
        Size of the catalogue. Codes are item + 1; 0 is no item. An item that stands twice counts once, so that its
        number never exceeds 1 while gates are in 0…1.
    """

    def __init__(self, n_items: int, **rest: Any) -> None:
        super().__init__(**rest)
        self.n_items = n_items

    def call(self, inputs: Sequence[Any]) -> Any:
        """Return the gates at their items' places."""
        codes, gates = inputs
        rows = keras.ops.shape(codes)[0]
        width = self.n_items + 1
        at = keras.ops.expand_dims(keras.ops.arange(rows, dtype="int32") * width, 1) + keras.ops.cast(codes, "int32")
        flat = keras.ops.segment_sum(keras.ops.reshape(gates, (-1,)), keras.ops.reshape(at, (-1,)), rows * width)
        found = keras.ops.reshape(flat, (-1, width))[:, 1:]  # (n, n_items)
        return found - keras.ops.relu(found - 1)  # at most 1, and its slope is 1 up to there with every backend

    def compute_output_shape(self, shapes: Sequence[Any]) -> tuple[int | None, int]:
        """Return (n, n_items)."""
        return (shapes[0][0], self.n_items)

    def compute_output_spec(self, inputs: Sequence[Any]) -> keras.KerasTensor:
        """Return the output's description, for which no backend need run."""
        return keras.KerasTensor((inputs[0].shape[0], self.n_items), dtype=self.compute_dtype)


class UnitLength(keras.layers.Layer):
    """Rows (n, d) at Euclidean length near 1, so that a long history speaks no louder than a short one; zeros stay.

    One is added to the squared length before the root: a length of exactly 1 would jump from 0 to 1 as soon as the
    first item is let in ever so little, and no gradient along that way could say why (`explain.history_methods`).
    """

    def call(self, x: Any) -> Any:
        """Return x over the root of its squared length and `LENGTH_OFFSET`."""
        length = keras.ops.sqrt(keras.ops.sum(keras.ops.square(x), axis=-1, keepdims=True) + LENGTH_OFFSET)
        return x / length


class NormalCode(keras.layers.Layer):
    """A draw from the normal distribution of means and log variances (n, d), and its KL divergence as a loss.

    Without training the code is the mean. ``weight`` is the KL term's weight β, a variable that the training loop
    raises step by step; the divergence to the standard normal prior is averaged over the batch.
    """

    def __init__(self, seed: int = 0, **rest: Any) -> None:
        super().__init__(**rest)
        self.seed = seed
        self.noise = keras.random.SeedGenerator(seed)

    def build(self, shapes: Sequence[Any]) -> None:
        """Make the KL term's weight."""
        self.weight = self.add_weight(shape=(), initializer="zeros", trainable=False, name="kl_weight")

    def call(self, inputs: Sequence[Any], training: bool = False) -> Any:
        """Return the code (n, d)."""
        mean, log_variance = inputs
        if not training:
            return mean
        self.add_loss(self.weight * keras.ops.mean(normal_divergence(mean, log_variance)))
        drawn = keras.random.normal(keras.ops.shape(mean), seed=self.noise)
        return mean + keras.ops.exp(0.5 * log_variance) * drawn

    def compute_output_shape(self, shapes: Sequence[Any]) -> Any:
        """Return the means' shape."""
        return shapes[0]


def normal_divergence(mean: Any, log_variance: Any) -> Any:
    """Return the KL divergence (n,) of diagonal normal distributions (n, d) from the standard one."""
    terms = keras.ops.exp(log_variance) + keras.ops.square(mean) - 1.0 - log_variance
    return 0.5 * keras.ops.sum(terms, axis=-1)


def multinomial_loss(y_true: Any, logits: Any) -> Any:
    """Return the negative multinomial log-likelihood (n,) of counts (n, n_items), without its constant.

    −Σᵢ yᵢ log softmax(logits)ᵢ, Liang et al. 2018, equation 2.
    """
    return -keras.ops.sum(y_true * keras.ops.log_softmax(logits, axis=-1), axis=-1)


def dense_rows(rows: sparse.csr_matrix, at: np.ndarray) -> np.ndarray:
    """Return some rows (b, n_items) as a dense float32 array: the only place where histories are made dense."""
    return rows[at].toarray().astype(np.float32, copy=False)


def batch_for(n_items: int, wanted: int) -> int:
    """Return the batch size, at most ``wanted``, whose dense batch stays small."""
    return int(max(1, min(wanted, LARGEST_CELLS // max(1, n_items))))


def score_rows(network: keras.Model, rows: sparse.csr_matrix, batch_size: int = PREDICT_BATCH) -> np.ndarray:
    """Return the network's outputs (n, n_items) float32 for rows (n, n_items), with two shapes of batch at most."""
    size = batch_for(rows.shape[1], batch_size)
    size = min(size, FEW_ROWS) if rows.shape[0] <= FEW_ROWS else size  # one user must not wait for a whole batch
    found = np.zeros(rows.shape, dtype=np.float32)
    for start in range(0, rows.shape[0], size):
        at = np.arange(start, min(start + size, rows.shape[0]))
        batch = np.zeros((size, rows.shape[1]), dtype=np.float32)
        batch[: len(at)] = dense_rows(rows, at)
        found[at] = np.asarray(network.predict_on_batch(batch))[: len(at)]
    return found
