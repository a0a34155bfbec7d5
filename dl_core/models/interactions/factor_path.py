"""The path of latent factors of a blend: alternating least squares, solved anew for each history."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
from scipy import sparse

from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext
from dl_core.models.interactions.ease import most_taken
from dl_core.models.interactions.factors import SWEEPS, Settings, alternate
from dl_core.models.interactions.least_squares import Side, solve_factors
from dl_core.models.interactions.linear import shares
from dl_core.models.interactions.linear_path import MOST_ITEMS, SMALLEST_SPREAD

SAMPLED = 500  # items whose scores say how far those of a single item lie apart


@dataclass(frozen=True)
class FactorPath:
    """Scores ``x·y`` among some items, x solved for from the history; the others score 0.

    See `MatrixFactorisation`, whose settings these are; histories are read as binary.

    Parameters
    ----------
    kept : numpy.ndarray
        (m,) int64 codes of the most-taken items, ascending.
    items : numpy.ndarray
        (m, factors) float32 y.
    n_items : int
    alpha, reg : float
    """

    kept: np.ndarray
    items: np.ndarray
    n_items: int
    alpha: float
    reg: float

    @classmethod
    def learn(cls, known: Histories, settings: dict[str, Any], context: FitContext) -> FactorPath:
        """Alternate between users and the most-taken items; ``settings`` are `Settings` as JSON."""
        kept, wanted = most_taken(shares(known), MOST_ITEMS), Settings(**settings)
        items = alternate(known.matrix()[:, kept], wanted, SWEEPS, context)
        return cls(kept, items, known.n_items, wanted.alpha, wanted.reg)

    def scores(self, rows: sparse.csr_matrix) -> np.ndarray:
        """Return (n, n_items) float32 for ones (n, n_items)."""
        users = solve_factors(rows.tocsr()[:, self.kept], self._side, self.alpha, self.reg)
        if len(self.kept) == self.n_items:
            return users @ self.items.T
        found = np.zeros(rows.shape, dtype=np.float32)
        found[:, self.kept] = users @ self.items.T
        return found

    @cached_property
    def _side(self) -> Side:
        return Side.of(self.items)

    @cached_property
    def spread(self) -> float:
        """How far the scores of a single item usually lie apart: the median standard deviation over some items."""
        some = np.arange(0, len(self.kept), max(1, len(self.kept) // SAMPLED))
        ones = sparse.csr_matrix(
            (np.ones(len(some), np.float32), (np.arange(len(some)), self.kept[some])), (len(some), self.n_items)
        )
        spreads = self.scores(ones).std(axis=1)
        return float(np.median(spreads[spreads > 0])) if (spreads > 0).any() else SMALLEST_SPREAD

    def stored(self) -> np.ndarray:
        """Return the factors as they are kept in a file."""
        return self.items

    def settings(self) -> dict[str, float]:
        """Return what solving for a history needs besides the factors, plain JSON."""
        return {"alpha": self.alpha, "reg": self.reg}

    def parameters(self) -> int:
        """Return the number of items' factors; those of users are solved for."""
        return self.items.size

    def layer(self, x: Any) -> Any:
        """Return the same for a Keras tensor (n, n_items)."""
        return Solved(self)(x)


class Solved(keras.layers.Layer):
    """`FactorPath.scores` of gated items, by keras.ops: gradients go through the solution for x."""

    def __init__(self, path: FactorPath, **rest: Any) -> None:
        super().__init__(trainable=False, **rest)
        self.solved = path
        self.places = np.full(path.n_items, len(path.kept), dtype=np.int32)  # the place after the last holds zeros
        self.places[path.kept] = np.arange(len(path.kept))

    def build(self, shape: Any) -> None:
        """Take the factors over."""
        items = self.solved.items
        self.items = self.add_weight(shape=items.shape, initializer="zeros", trainable=False, name="items")
        self.items.assign(items)

    def call(self, x: Any) -> Any:
        """Return the scores (n, n_items)."""
        ops, path = keras.ops, self.solved
        gates = ops.take(x, path.kept.astype(np.int32), axis=1)  # (n, m)
        weight = path.reg * (len(path.kept) + path.alpha * ops.sum(gates, axis=1))  # (n,)
        shared = ops.matmul(ops.transpose(self.items), self.items)  # (k, k)
        own = ops.matmul(ops.transpose(gates[:, :, None] * self.items, (0, 2, 1)), self.items)  # (n, k, k)
        system = shared + path.alpha * own + weight[:, None, None] * ops.eye(path.items.shape[1])
        target = (1 + path.alpha) * ops.matmul(gates, self.items)  # (n, k)
        users = ops.solve(system, target[:, :, None])[:, :, 0]
        found = ops.matmul(users, ops.transpose(self.items))  # (n, m)
        if len(path.kept) == path.n_items:
            return found
        return ops.take(ops.pad(found, ((0, 0), (0, 1))), self.places, axis=1)
