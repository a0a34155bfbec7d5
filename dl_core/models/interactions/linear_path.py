"""The wide paths of a blend: a linear denoising autoencoder between items, in closed form, and item neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import keras
import numpy as np
from scipy import sparse

from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext
from dl_core.models.interactions.base import Held
from dl_core.models.interactions.choosing import held_gains, mean_gain, preferred
from dl_core.models.interactions.ease import gram, most_taken, solve
from dl_core.models.interactions.linear import shares
from dl_core.models.interactions.neighbours import similar

SMALLEST_SPREAD = 1e-6
MOST_ITEMS = 8_000  # items with weights: 256 MB of float32
EXACT_ITEMS = 4_000  # solved in float64 and kept as float32 up to here
CHOOSING_ITEMS = 2_500  # most-taken items among which the settings are chosen
RIDGES = (400.0, 25.0, 100.0, 1600.0)  # the usual one first; then half and twice the best are tried
DROPOUTS = (1 / 3, 1 / 2, 2 / 3)  # beside 0, which is EASE
EXPONENTS = (0.25, 0.5)  # of the weight of users by their number of items, beside 0
NOTHING_CHOSEN = {"ridge": 200.0, "dropout": 0.5, "exponent": 0.0}
SHRINK, NEIGHBOURS = 10.0, 100  # of item neighbours: users added to the cosine's denominator, neighbours kept


@dataclass(frozen=True)
class LinearPath:
    """Scores ``X B`` among some items; the others score 0.

    `learn`: ``B = I − C diag(1 / diag C)`` with ``C = (G + p/(1 − p) diag(G) + ridge I)⁻¹`` and ``G = XᵀWX``: what
    minimises the squared error of a linear autoencoder with a zero diagonal whose input is hidden with probability p,
    on average over all ways of hiding (EDLAE: Steck 2020, *Autoencoders that don't overfit towards the identity*). With
    p = 0 and all users alike it is EASE. Our addition: W weighs a user with his number of items to the power of −e, so
    that few heavy users do not decide for all.

    `neighbours`: column j of B holds the shrunk cosines of the items nearest to j (Sarwar et al. 2001). Each scored
    item has its nearest, so that popular ones are not everyone's neighbour.

    Parameters
    ----------
    kept : numpy.ndarray
        (m,) int64 codes of the most-taken items, ascending.
    weights : numpy.ndarray
        (m, m) float32 B.
    n_items : int
    """

    kept: np.ndarray
    weights: np.ndarray
    n_items: int

    @classmethod
    def learn(cls, known: Histories, settings: dict, most: int = MOST_ITEMS) -> LinearPath:
        """Solve for B among the ``most`` most-taken items, by ``ridge``, ``dropout`` p and ``exponent`` e.

        Raises
        ------
        ArithmeticError
            If rounding hides that the system has a solution (a ridge of nearly zero).
        """
        kept = most_taken(shares(known), most)
        rows = weighed(known.matrix(), settings["exponent"])[:, kept]
        matrix = gram(rows, np.float64 if len(kept) <= EXACT_ITEMS else np.float32)
        weights = solved(matrix, settings["ridge"], settings["dropout"])
        if weights is None:
            raise ArithmeticError("the ridge was too small for these items to be solved for")
        return cls(kept, as_stored(weights), known.n_items)

    @classmethod
    def neighbours(cls, known: Histories, context: FitContext, most: int = MOST_ITEMS) -> LinearPath:
        """Compare the ``most`` most-taken items."""
        kept = most_taken(shares(known), most)
        found = similar(known.matrix()[:, kept], SHRINK, NEIGHBOURS, context)
        return cls(kept, as_stored(found.T.toarray()), known.n_items)  # column j: what is nearest to item j

    def scores(self, rows: sparse.csr_matrix) -> np.ndarray:
        """Return (n, n_items) float32 for ones (n, n_items)."""
        if len(self.kept) == self.n_items:
            return np.asarray(rows @ self.weights, dtype=np.float32)
        found = np.zeros(rows.shape, dtype=np.float32)
        found[:, self.kept] = rows[:, self.kept] @ self.weights
        return found

    @cached_property
    def spread(self) -> float:
        """How far the scores of a single item usually lie apart: the median standard deviation of a row of weights."""
        spreads = self.weights.std(axis=1)
        return float(np.median(spreads[spreads > 0])) if (spreads > 0).any() else SMALLEST_SPREAD

    def stored(self) -> np.ndarray:
        """Return the weights as they are kept in a file: float16 where they are many, to which they were rounded."""
        return self.weights.astype(np.float16) if len(self.kept) > EXACT_ITEMS else self.weights

    def parameters(self) -> int:
        """Return the number of weights that are not 0."""
        return int(np.count_nonzero(self.weights))

    def layer(self, x: Any) -> Any:
        """Return the same for a Keras tensor (n, n_items)."""
        return SomeItems(self.kept, self.weights, self.n_items)(x)


class SomeItems(keras.layers.Layer):
    """A dense layer without bias between some of the items; the others get 0."""

    def __init__(self, kept: np.ndarray, weights: np.ndarray, n_items: int, **rest: Any) -> None:
        super().__init__(trainable=False, **rest)
        self.kept, self.n_items, self.values = kept.astype(np.int32), n_items, weights
        self.places = np.full(n_items, len(kept), dtype=np.int32)  # the place after the last holds zeros
        self.places[kept] = np.arange(len(kept))

    def build(self, shape: Any) -> None:
        """Take the weights over."""
        self.kernel = self.add_weight(shape=self.values.shape, initializer="zeros", trainable=False, name="kernel")
        self.kernel.assign(self.values)

    def call(self, x: Any) -> Any:
        """Return the scores (n, n_items)."""
        found = keras.ops.matmul(keras.ops.take(x, self.kept, axis=1), self.kernel)
        return keras.ops.take(keras.ops.pad(found, ((0, 0), (0, 1))), self.places, axis=1)


def as_stored(weights: np.ndarray) -> np.ndarray:
    """Return weights as they will be read from a file: rounded where they are many."""
    return weights.astype(np.float16).astype(np.float32) if len(weights) > EXACT_ITEMS else weights


def weighed(rows: sparse.csr_matrix, exponent: float) -> sparse.csr_matrix:
    """Return rows (n, n_items) times the root of their users' weights, which are 1 on average."""
    if not exponent:
        return rows
    weights = np.maximum(np.diff(rows.indptr), 1.0) ** -exponent
    return (sparse.diags(np.sqrt(weights / weights.mean()).astype(np.float32)) @ rows).tocsr()


def solved(matrix: np.ndarray, ridge: float, dropout: float) -> np.ndarray | None:
    """Return B (m, m) float32 from ``XᵀX``, whose memory is used up, or None where rounding is in the way."""
    matrix[np.diag_indices_from(matrix)] *= 1 + dropout / (1 - dropout)
    return solve(matrix, ridge)


def choose_linear(known: Histories, held: Held, context: FitContext) -> dict:
    """Return the ``ridge``, ``dropout`` and ``exponent`` that held-out users' nDCG@10 clearly prefers.

    Beside them stand ``held_ndcg`` of these, and ``ease_ndcg``, that of the best ridge without the other two. Settings
    are compared among the most-taken items.
    """
    trial = _Trial(known, held, context)
    trial.ndcg(RIDGES)
    trial.ndcg((trial.best()[0] / 2, trial.best()[0] * 2))
    ridge = trial.best()[0]
    ease = mean_gain(trial.found[trial.best()])
    for dropout in DROPOUTS:
        trial.ndcg((ridge / 4, ridge / 2, ridge), dropout)
    ridge, dropout, _ = trial.best()
    for exponent in EXPONENTS:
        trial.ndcg((ridge / 2, ridge), dropout, exponent)
    best = trial.best()
    names = ("ridge", "dropout", "exponent")
    return {**dict(zip(names, best, strict=True)), "held_ndcg": mean_gain(trial.found[best]), "ease_ndcg": ease}


class _Trial:
    """nDCG@10 (n,) of settings for held-out users, by (ridge, dropout, exponent)."""

    def __init__(self, known: Histories, held: Held, context: FitContext) -> None:
        self.held, self.context, self.rows = held, context, known.matrix()
        self.kept = most_taken(shares(known), CHOOSING_ITEMS)
        self.gram, self.exponent = gram(self.rows[:, self.kept], np.float64), 0.0
        self.found: dict[tuple[float, float, float], np.ndarray] = {}
        self.planned = len(RIDGES) + 2 + 3 * len(DROPOUTS) + 2 * len(EXPONENTS)

    def best(self) -> tuple[float, float, float]:
        """Return the best settings so far: the usual ridge alone, unless others are clearly better."""
        return preferred(self.found, next(iter(self.found)))

    def ndcg(self, ridges: tuple[float, ...], dropout: float = 0.0, exponent: float = 0.0) -> None:
        """Try some ridges with this dropout and exponent."""
        for ridge in ridges:
            if self.context.out_of_time() and self.found:
                return
            self.context.progress(len(self.found) / self.planned, f"Choosing the linear component (ridge {ridge:g})")
            if exponent != self.exponent:
                self.gram, self.exponent = gram(weighed(self.rows, exponent)[:, self.kept], np.float64), exponent
            weights = solved(self.gram.copy(order="F"), ridge, dropout)
            gains = np.zeros(len(self.held.histories))  # far too small a ridge
            if weights is not None:
                path = LinearPath(self.kept, weights, self.held.histories.n_items)
                gains = held_gains(partial(_scores, path), self.held)
            self.found[ridge, dropout, exponent] = gains


def _scores(path: LinearPath, histories: Histories) -> np.ndarray:
    return path.scores(histories.matrix())
