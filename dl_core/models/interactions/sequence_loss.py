"""The loss of next-item training: cross-entropy over the whole catalogue, or over drawn items where it is large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from dl_core.models.interactions.sequence_layers import ItemTable

LARGE = 2_000  # items above which the loss draws some: for 3,600 a step takes half the time
DRAWN = 512


@dataclass(frozen=True)
class Drawn:
    """Items against which a batch's targets are held.

    Parameters
    ----------
    items : numpy.ndarray
        (s,) int32.
    correction : numpy.ndarray
        (s,) float32 that is taken off their logits: the logarithm of how often each is expected to be drawn.
    """

    items: np.ndarray
    correction: np.ndarray


class Drawing:
    """Draws items, half evenly and half by how often they were taken, as in sampled softmax (Jean et al. 2015).

    Parameters
    ----------
    counts : numpy.ndarray
        (n_items,) how often each item was taken.
    size : int
        Items a batch.
    """

    def __init__(self, counts: np.ndarray, size: int = DRAWN) -> None:
        self.size = size
        share = 0.5 / len(counts) + 0.5 * counts / max(1, counts.sum())
        self.cumulated = np.cumsum(share / share.sum())
        self.expected = np.log(size * share).astype(np.float32)

    def draw(self, rng: np.random.Generator) -> Drawn:
        """Return one batch's items."""
        items = np.searchsorted(self.cumulated, rng.random(self.size), side="right")
        items = np.minimum(items, len(self.cumulated) - 1).astype(np.int32)
        return Drawn(items, self.expected[items])


class NextItemLoss(keras.layers.Layer):
    """Mean cross-entropy of the item that follows each step.

    All items take part (Klenitskiy and Vasilev 2023, "Turning dross into gold loss", who find it makes SASRec the
    better by far), or with ``drawn`` the target and drawn items, whose logits are corrected for how often they are
    drawn; a drawn item that is the target itself is left out.

    Parameters
    ----------
    table : ItemTable
        Tied with the input.
    smoothing : float
        Share of each target that all items have alike; only where all take part.
    """

    def __init__(self, table: ItemTable, smoothing: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.table, self.smoothing = table, smoothing

    def call(self, inputs: list[Any]) -> Any:
        """Return the loss () of [states (b, T, size), targets (b, T), weights (b, T)] and drawn items' two (s,)."""
        states, targets, weights, *drawn = inputs
        states = ops.reshape(states, (-1, self.table.size))  # (b T, size)
        targets, weights = ops.reshape(targets, (-1,)), ops.reshape(weights, (-1,))
        losses = self._over_drawn(states, targets, *drawn) if drawn else self._over_all(states, targets)
        return ops.sum(losses * weights) / ops.maximum(ops.sum(weights), 1.0)

    def _over_all(self, states: Any, targets: Any) -> Any:
        logits = self.table.scores(states)  # (b T, n_items)
        whole = ops.logsumexp(logits, axis=-1)
        picked = ops.sum(states * ops.take(self.table.vectors, targets, axis=0), axis=-1)
        picked = picked + ops.take(self.table.bias, targets)
        if self.smoothing:
            picked = (1 - self.smoothing) * picked + self.smoothing * ops.mean(logits, axis=-1)
        return whole - picked

    def _over_drawn(self, states: Any, targets: Any, items: Any, correction: Any) -> Any:
        table = ops.take(self.table.vectors, items, axis=0)  # (s, size)
        logits = ops.matmul(states, ops.transpose(table)) + ops.take(self.table.bias, items) - correction
        logits = logits - 1e9 * ops.cast(targets[:, None] == items[None, :], logits.dtype)  # (b T, s)
        picked = ops.sum(states * ops.take(self.table.vectors, targets, axis=0), axis=-1)
        picked = picked + ops.take(self.table.bias, targets)
        return ops.logsumexp(ops.concatenate([picked[:, None], logits], axis=1), axis=-1) - picked


def training_graph(codes: Any, states: Any, loss: NextItemLoss, drawn: int) -> keras.Model:
    """Return a graph from codes, targets, weights (and ``drawn`` items with corrections) to the loss, ().

    ``drawn`` is 0 where the whole catalogue takes part.
    """
    inputs = [codes, keras.Input((None,), dtype="int32"), keras.Input((None,))]
    if drawn:
        inputs += [keras.Input(batch_shape=(drawn,), dtype="int32"), keras.Input(batch_shape=(drawn,))]
    value = loss([states, *inputs[1:]])
    return keras.Model(inputs, value)


def plain_mean(y_true: Any, y_pred: Any) -> Any:
    """Return the output itself, which is the loss already."""
    return y_pred
