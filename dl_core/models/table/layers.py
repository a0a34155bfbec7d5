"""Keras layers for tables: a number as a learned piecewise-linear curve, attention over steps, honest focal logits."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

BELOW, ABOVE = 3.0, 4.0  # how far the first and the last piece of a curve go on, in pieces
TAILS = (0.98, 0.99, 0.995, 0.998, 0.999)  # quantiles that get a knot of their own: fraud lives there


def knots(numbers: np.ndarray, pieces: int) -> np.ndarray:
    """Return knots at the quantiles of each column of numbers (n, d), (d, most) float32, filled up with NaN."""
    shares = np.unique(np.concatenate([np.linspace(0, 1, pieces + 1), TAILS]))
    found = []
    for column in numbers.T:
        places = np.unique(np.quantile(column, shares).round(4)) if len(column) else np.zeros(1)
        found.append(places if len(places) > 1 else np.array([places[0], places[0] + 1]))
    most = max((len(places) for places in found), default=2)
    filled = [np.pad(places, (0, most - len(places)), constant_values=np.nan) for places in found]
    return np.array(filled, dtype=np.float32).reshape(len(found), most)


class Curves(keras.layers.Layer):
    """Turn each number into several learned curves of it: (b, d) to (b, d · curves).

    A number becomes the shares of the pieces between its knots that it has passed (piecewise-linear encoding), these a
    weighted sum and a ReLU (Gorishniy et al. 2022, "On embeddings for numerical features in tabular deep learning").
    We deviate in letting the outer pieces go on for a while beyond the outermost knots, and add a plain linear part.

    Parameters
    ----------
    pieces : int
        Most pieces of a number: one less than the columns of `knots`.
    curves : int
    """

    def __init__(self, pieces: int, curves: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pieces, self.curves = pieces, curves

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights; the knots are weights too, so that they are saved, but are not trained."""
        d, t, k = shape[-1], self.pieces, self.curves
        self.places = {
            name: self.add_weight(shape=(d, t), initializer="zeros", trainable=False, name=name)
            for name in ("start", "slope", "lowest", "highest")
        }
        draw = keras.initializers.RandomNormal(stddev=0.3)
        self.kernel = self.add_weight(shape=(d, t, k), initializer=draw, name="kernel")
        self.linear = self.add_weight(shape=(d, k), initializer=draw, name="linear")
        self.bias = self.add_weight(shape=(d, k), initializer="zeros", name="bias")

    def place(self, found: np.ndarray) -> None:
        """Take the knots (d, pieces + 1) that `knots` found."""
        widths = np.diff(found, axis=1)
        there = np.isfinite(widths)
        rows, last = np.arange(len(found)), there.sum(axis=1) - 1
        lowest, highest = np.zeros_like(widths), there.astype(np.float32)
        lowest[:, 0] = -BELOW
        highest[rows, last] = ABOVE
        self.places["start"].assign(np.where(there, found[:, :-1], 0))
        self.places["slope"].assign(np.where(there, 1 / np.where(there, widths, 1), 0))
        self.places["lowest"].assign(lowest)
        self.places["highest"].assign(highest)

    def call(self, x: Any) -> Any:
        """Return the curves of x (b, d)."""
        wide = ops.expand_dims(x, -1)  # (b, d, 1)
        passed = (wide - self.places["start"]) * self.places["slope"]  # (b, d, t)
        passed = ops.minimum(ops.maximum(passed, self.places["lowest"]), self.places["highest"])
        bent = ops.einsum("bdt,dtk->bdk", passed, self.kernel) + wide * self.linear + self.bias
        return ops.reshape(ops.relu(bent), (-1, x.shape[-1] * self.curves))


class HonestLogits(keras.layers.Layer):
    """Turn logits of two classes from skewed training into honest ones, (b, 2) to (b, 2).

    Focal loss with exponent g is least for a probability q that is not the true one; the true one is recovered in
    closed form (Charoenphakdee et al. 2021, "On focal loss for class-posterior probability estimation"). Afterwards
    the weight that training gave to the positive class is divided out (Elkan 2001), as a shift of its logit.

    Parameters
    ----------
    gamma : float
        Exponent of the focal loss, 0 for cross-entropy.
    shift : float
        Logarithm of the positive class's weight over the other's.
    """

    def __init__(self, gamma: float = 0.0, shift: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gamma, self.shift = gamma, shift

    def call(self, logits: Any) -> Any:
        """Return honest logits of ``logits`` (b, 2)."""
        margin = logits[:, 1] - logits[:, 0]
        if self.gamma:
            margin = _unfocal(margin, self.gamma)
        margin = margin - self.shift
        return ops.stack([ops.zeros_like(margin), margin], axis=-1)


def _unfocal(margin: Any, gamma: float) -> Any:
    """Return the logit of the true probability where focal loss settled at ``margin``.

    With L(q) = -(1 - q)^g log q, the least of p L(q) + (1 - p) L(1 - q) has p / (1 - p) = L'(1 - q) / L'(q).
    """
    margin = ops.clip(margin, -30.0, 30.0)

    def fall(side: Any) -> Any:  # log of -L'(q) for q = sigmoid(side)
        log_q, log_rest = -ops.softplus(-side), -ops.softplus(side)
        inner = ops.exp(log_rest - log_q) - gamma * log_q  # -L'(q) = (1 - q)^(g - 1) ((1 - q) / q - g log q)
        return (gamma - 1) * log_rest + ops.log(inner)

    return fall(-margin) - fall(margin)


class StepAttention(keras.layers.Layer):
    """Weigh the states of a sequence by how they answer the current one: (b, T, h), (b, q), (b, T) to (b, h).

    Additive attention (Bahdanau et al. 2015); steps whose mask is 0 get no weight.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.keys = keras.layers.Dense(units, use_bias=False)
        self.query = keras.layers.Dense(units)
        self.answer = keras.layers.Dense(1, use_bias=False)

    def build(self, shapes: list[tuple[int | None, ...]]) -> None:
        """Make the weights for the shapes of states, query and mask."""
        self.keys.build(shapes[0])
        self.query.build(shapes[1])
        self.answer.build((None, None, self.units))

    def call(self, inputs: list[Any]) -> Any:
        """Return the weighted mean of the states."""
        states, query, mask = inputs
        joined = ops.tanh(self.keys(states) + ops.expand_dims(self.query(query), 1))  # (b, T, units)
        points = ops.squeeze(self.answer(joined), -1) - 1e4 * (1 - mask)  # (b, T)
        return ops.sum(ops.expand_dims(ops.softmax(points), -1) * states, axis=1)
