"""Keras layers of sequence models: an item table tied with the output, gates, causal attention, a gated GRU cell."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

NOTHING = 1e-9  # added to gates before their logarithm: what is left of an item whose gate is 0
ALMOST = 1 - 2**-23  # times a gate of 1, so that 1 less it has a logarithm
BLOCKED = -1e9  # added to the attention logits of steps that may not be seen


class ItemTable(keras.layers.Layer):
    """Vectors of all items, read at the input and, tied, at the output, with a bias an item.

    Parameters
    ----------
    n_items, size : int
        Items in the catalogue, and numbers in a vector.
    """

    def __init__(self, n_items: int, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.n_items, self.size = n_items, size

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the table (n_items, size) and the biases (n_items,)."""
        scale = keras.initializers.RandomNormal(stddev=self.size**-0.5)
        self.vectors = self.add_weight(shape=(self.n_items, self.size), initializer=scale, name="vectors")
        self.bias = self.add_weight(shape=(self.n_items,), initializer="zeros", name="bias")

    def call(self, codes: Any) -> Any:
        """Return the vectors (b, L, size) of codes (b, L), which are item + 1; zeros where a code is 0."""
        found = ops.take(self.vectors, ops.maximum(codes - 1, 0), axis=0)
        return found * ops.cast(codes > 0, found.dtype)[..., None]

    def scores(self, states: Any) -> Any:
        """Return the scores (…, n_items) of states (…, size)."""
        return ops.matmul(states, ops.transpose(self.vectors)) + self.bias


class StartToken(keras.layers.Layer):
    """Puts a learned vector before the first step: what is known of somebody who took nothing yet."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the vector (size,)."""
        scale = keras.initializers.RandomNormal(stddev=0.02)
        self.vector = self.add_weight(shape=(input_shape[-1],), initializer=scale, name="vector")

    def call(self, x: Any) -> Any:
        """Return (b, 1 + L, size) of x (b, L, size)."""
        return ops.concatenate([ops.zeros_like(x[:, :1]) + self.vector, x], axis=1)


class CausalAttention(keras.layers.Layer):
    """Attention of each step to itself and the steps before, by content and by how many items lie between.

    Each head has a learned slope by which the logit of a step falls with its distance, counted in items that are there
    (Press et al. 2022, "Train short, test long", where slopes are fixed). A step with gate g takes part with its
    exponential times g; the first step is the start token, is always there and has no distance.

    Parameters
    ----------
    heads : int
        Divides the size of the states.
    dropout : float
        Of the attention weights.
    """

    def __init__(self, heads: int, dropout: float, **options: Any) -> None:
        super().__init__(**options)
        self.heads = heads
        self.drop = keras.layers.Dropout(dropout)

    def build(self, input_shape: Any) -> None:
        """Make the projections (size, 3 size), (size, size) and the slopes (heads,)."""
        size = input_shape[0][-1]
        self.inside = self.add_weight(shape=(size, 3 * size), initializer="glorot_uniform", name="inside")
        self.outside = self.add_weight(shape=(size, size), initializer="glorot_uniform", name="outside")
        slopes = np.linspace(0.5, -4.0, self.heads)  # softplus of them: from 1 down to 0.02 an item
        self.slopes = self.add_weight(
            shape=(self.heads,), initializer=keras.initializers.Constant(slopes.tolist()), name="slopes"
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return states (b, T, size) and weights (b, heads, T, T) of [x (b, T, size), gates (b, T)]."""
        x, gates = inputs
        size = x.shape[-1]
        each = size // self.heads
        steps = ops.shape(x)[1]
        parts = ops.reshape(ops.matmul(x, self.inside), (-1, steps, 3, self.heads, each))
        parts = ops.transpose(parts, (2, 0, 3, 1, 4))  # (3, b, heads, T, each)
        logits = ops.matmul(parts[0], ops.transpose(parts[1], (0, 1, 3, 2))) * each**-0.5  # (b, heads, T, T)
        weights = ops.softmax(logits + self._places(gates), axis=-1)
        mixed = ops.matmul(self.drop(weights, training=training), parts[2])  # (b, heads, T, each)
        mixed = ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), (-1, steps, size))
        return ops.matmul(mixed, self.outside), weights

    def _places(self, gates: Any) -> Any:
        """Return what is added to the logits for place and presence, (b, heads, T, T)."""
        step = ops.cumsum(ops.ones_like(gates), axis=1)  # 1, 2, …, T
        later = ops.cast(step[:, None, :] > step[:, :, None], gates.dtype)  # (b, T, T), 1 where a key comes after
        place = ops.cumsum(gates, axis=1)
        distance = ops.maximum(place[:, :, None] - place[:, None, :], 0.0)
        distance = distance * ops.cast(step > 1, gates.dtype)[:, None, :]  # none to the start token
        slopes = ops.softplus(self.slopes)[None, :, None, None]
        presence = ops.log(gates + NOTHING)[:, None, None, :]
        return presence - slopes * distance[:, None] + BLOCKED * later[:, None]


class GatedCell(keras.layers.Layer):
    """One step of a GRU (Cho et al. 2014) whose state moves only as far as the step's gate says.

    With gate 0 the state stays as it was, so that a step that is not there changes nothing at all. A step's input
    (b, 3 size + 1) is what its vector has to say, multiplied beforehand for all steps at once, and the gate.

    Parameters
    ----------
    size : int
        Of the state.
    """

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(**options)
        self.size = self.state_size = self.output_size = size

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the kernel (size, 3 size)."""
        self.again = self.add_weight(shape=(self.size, 3 * self.size), initializer="orthogonal", name="again")

    def call(self, step: Any, states: Any) -> tuple[Any, list[Any]]:
        """Return the state (b, size) after a step, as output and as state."""
        state = states[0]
        before = ops.matmul(state, self.again)  # (b, 3 size)
        cut = 2 * self.size
        both = ops.sigmoid(step[:, :cut] + before[:, :cut])
        update, reset = both[:, : self.size], both[:, self.size :]
        fresh = ops.tanh(step[:, cut:-1] + reset * before[:, cut:])
        state = state + step[:, -1:] * update * (fresh - state)
        return state, [state]


class LastStep(keras.layers.Layer):
    """Reads the state of the last step that is there; a gate between 0 and 1 shares it with the steps before."""

    def call(self, inputs: Any) -> Any:
        """Return (b, size) of [states (b, T, size), gates (b, T)], whose first gate is 1."""
        states, gates = inputs
        absent = ops.flip(ops.log1p(-ALMOST * gates), axis=1)  # logarithms: a product has no gradient at 0
        skipped = ops.exp(ops.cumsum(absent, axis=1) - absent)  # how much of the steps after is not there
        share = gates * ops.flip(skipped, axis=1)  # (b, T), sums to 1
        return ops.einsum("bt,bts->bs", share, states)


class ItemScores(keras.layers.Layer):
    """Scores of all items by a table that the input shares.

    Parameters
    ----------
    table : ItemTable
    """

    def __init__(self, table: ItemTable, **options: Any) -> None:
        super().__init__(**options)
        self.table = table

    def call(self, states: Any) -> Any:
        """Return the scores (b, n_items) of states (b, size)."""
        return self.table.scores(states)


class Presence(keras.layers.Layer):
    """Says how much each step is there: 1 for the start token, then an item's gate, or 0 for padding."""

    def call(self, inputs: list[Any]) -> Any:
        """Return (b, 1 + L) float32 of [codes (b, L)] or [codes, gates (b, L)]."""
        codes, *gates = inputs
        there = ops.cast(codes > 0, "float32")
        there = there * gates[0] if gates else there
        return ops.concatenate([ops.ones_like(there[:, :1]), there], axis=1)
