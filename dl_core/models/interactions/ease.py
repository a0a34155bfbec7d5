"""EASE: a linear autoencoder between items in closed form, the baseline that deep recommenders must beat."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext
from dl_core.models.interactions.base import Held, Recommender
from dl_core.models.interactions.choosing import held_gains, preferred
from dl_core.models.interactions.linear import (
    BINARY,
    VALUES,
    entry_parts,
    has_values,
    popular_where,
    shares,
    value_scale,
    weigh,
    weighted,
)
from dl_core.models.threads import one_thread

MOST_ITEMS = 15_000  # items with weights: 0.9 GB of float32
CHOOSING_ITEMS = 4_000  # items by which the ridge is chosen; float64 up to here, and float32 in the file
RIDGES = tuple(25.0 * 2**i for i in range(-2, 11))  # 6.25 … 25,600
RIDGE = 400.0  # the usual one, unless another is clearly better for held-out users
COARSE = (RIDGE, 25.0, 100.0, 1600.0, 6400.0)  # tried first, then the neighbours of the best


class Ease(Recommender):
    """Embarrassingly shallow autoencoders (Steck, WWW 2019): scores ``X B`` with the diagonal of B zero.

    ``B = I - P diag(1 / diag P)`` where ``P = (XᵀX + ridge I)⁻¹``. The ridge is 400, unless another one of a
    logarithmic grid (6.25 to 25,600, doubling) is better for held-out users' nDCG@10 by more than its noise. X is
    binary; where ratings or counts differ they are tried as weights too (counts by their logarithm), and kept if these
    users clearly prefer them.

    Deviations from the paper: of catalogues beyond 15,000 items the most-taken ones have weights, the others score 0;
    beyond 4,000 items the ridge is chosen among the 4,000 most-taken ones, and B is rounded to float16. A history
    without any item that has weights gets popularity (takers over those of the most-taken item, 0…1).
    """

    stored = ("weights", "kept", "popularity")

    def __init__(self) -> None:
        self.chosen = {}

    def learn(self, known: Histories, held: Held | None, context: FitContext) -> None:
        """Solve for B; ``chosen`` holds ``ridge``, ``inputs`` ("binary" or "values") and ``scale`` of the values."""
        if held is not None:
            self.chosen = choose_settings(known, held, context.part(0.0, 0.7))
        elif "ridge" not in self.chosen:
            self.chosen = {"ridge": RIDGE, "inputs": BINARY, "scale": None}
        context.progress(0.7, "Fitting item-item weights")
        self.popularity = shares(known)
        self.kept = most_taken(self.popularity, MOST_ITEMS)
        inputs = weighted(known, self._weights(known))[:, self.kept]
        self.weights = item_weights(inputs, self.chosen["ridge"])
        if len(self.kept) > CHOOSING_ITEMS:  # as they will be read from the file
            for start in range(0, len(self.kept), 1024):
                self.weights[start : start + 1024] = self.weights[start : start + 1024].astype(np.float16)
        context.progress(1.0, "Solved")

    def score_items(self, histories: Histories) -> np.ndarray:
        """Return ``X B`` (n, n_items) float32; popularity where a history has no item with weights."""
        inputs = weighted(histories, self._weights(histories))
        whole = len(self.kept) == histories.n_items
        inputs = inputs if whole else inputs[:, self.kept]
        found = np.asarray(inputs @ self.weights, dtype=np.float32)
        if not whole:
            scores = np.zeros((len(histories), histories.n_items), dtype=np.float32)
            scores[:, self.kept] = found
            found = scores
        return popular_where(found, np.diff(inputs.indptr) == 0, self.popularity)

    def contributions(self, histories: Histories, targets: np.ndarray) -> list[np.ndarray]:
        """Return each history item's weight towards the target; they sum to its score, unless that is popularity."""
        at = np.full(histories.n_items, -1)
        at[self.kept] = np.arange(len(self.kept))

        def effect(items: np.ndarray, wanted: np.ndarray) -> np.ndarray:
            found = self.weights[at[items], at[wanted]]
            return np.where((at[items] < 0) | (at[wanted] < 0), 0, found)

        return entry_parts(histories, targets, self._weights(histories), effect)

    def parameters(self) -> int:
        """Return the number of weights between items."""
        return self.weights.size

    def _arrays(self) -> dict[str, np.ndarray]:
        """Return B (float16 beyond 4,000 items, to which it was rounded already) and what belongs to it."""
        kind = np.float16 if len(self.kept) > CHOOSING_ITEMS else np.float32
        return {**super()._arrays(), "weights": self.weights.astype(kind)}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return what `save` wrote."""
        model = super().load(folder)
        model.weights = model.weights.astype(np.float32)
        return model

    def _weights(self, histories: Histories) -> np.ndarray:
        return weigh(histories, self.chosen["scale"])


def most_taken(popularity: np.ndarray, most: int) -> np.ndarray:
    """Return the codes of the ``most`` most popular items, in their own order."""
    return np.sort(np.argsort(-popularity, kind="stable")[:most])


def item_weights(inputs: sparse.csr_matrix, ridge: float) -> np.ndarray:
    """Return B (n_items, n_items) float32 with a zero diagonal, for ``inputs`` (n, n_items).

    Small catalogues are solved in float64, large ones in float32 where that succeeds.
    """
    kinds = (np.float64,) if inputs.shape[1] <= CHOOSING_ITEMS else (np.float32, np.float64)
    for kind in kinds:
        found = solve(gram(inputs, kind), ridge)
        if found is not None:
            return found
    raise ArithmeticError("the ridge was too small for these items to be solved for")


def solve(matrix: np.ndarray, ridge: float) -> np.ndarray | None:
    """Return B float32 from ``XᵀX``, whose memory is used up, or None where rounding is in the way."""
    found = inverse(matrix, ridge)
    if found is None:
        return None
    found = found.T  # symmetric, and so in C order, which products with sparse rows need
    found /= -np.diag(found).copy()  # each column by its own diagonal
    np.fill_diagonal(found, 0)
    return found.astype(np.float32, copy=False)


def gram(inputs: sparse.csr_matrix, kind: type) -> np.ndarray:
    """Return ``XᵀX`` (n_items, n_items) in Fortran order, made in blocks of items."""
    size = inputs.shape[1]
    found = np.empty((size, size), dtype=kind, order="F")
    columns = inputs.tocsc()
    turned = inputs.T.tocsr()
    for start in range(0, size, 1024):
        found[:, start : start + 1024] = (turned @ columns[:, start : start + 1024]).toarray()
    return found


def inverse(matrix: np.ndarray, ridge: float) -> np.ndarray | None:
    """Return the inverse of ``matrix + ridge I`` in place of the matrix, or None where rounding hides that it has one.

    By Cholesky's factors, which for a handful of ridges is much less work than one eigendecomposition.
    """
    matrix[np.diag_indices_from(matrix)] += ridge
    factor, inverted = (lapack.dpotrf, lapack.dpotri) if matrix.dtype == np.float64 else (lapack.spotrf, lapack.spotri)
    with one_thread():
        matrix, failed = factor(matrix, lower=1, overwrite_a=1)
        if not failed:
            matrix, failed = inverted(matrix, lower=1, overwrite_c=1)
    if failed or not np.isfinite(np.diag(matrix)).all():
        return None
    for start in range(0, len(matrix), 1024):  # the upper triangle from the lower one
        stop = start + 1024
        block = matrix[start:stop, start:stop]
        matrix[start:stop, start:stop] = np.tril(block) + np.tril(block, -1).T
        matrix[start:stop, stop:] = matrix[stop:, start:stop].T
    return matrix


def choose_settings(known: Histories, held: Held, context: FitContext) -> dict:
    """Return ``ridge``, ``inputs`` and ``scale`` by which held-out users' nDCG@10 is clearly best."""
    ways = {BINARY: None} | ({VALUES: value_scale(known)} if has_values(known) else {})
    gains: dict[tuple[str, float], np.ndarray] = {}
    start = RIDGE
    for place, (inputs, scale) in enumerate(ways.items()):
        if place and context.out_of_time():
            break
        trial = Trial(known, held, scale)
        part = context.part(place / len(ways), (place + 1) / len(ways))
        ridge = choose_ridge(trial, COARSE if inputs == BINARY else (start,), part)
        gains[inputs, ridge] = trial.found[ridge]
        start = ridge
    inputs, ridge = preferred(gains, next(iter(gains)))
    return {"ridge": ridge, "inputs": inputs, "scale": ways[inputs]}


def choose_ridge(trial: Trial, coarse: tuple[float, ...], context: FitContext) -> float:
    """Return the clearly best ridge of the ``coarse`` ones, the default first, and of its neighbours on the grid."""
    tried = coarse
    for half in (0.0, 0.5):
        for done, ridge in enumerate(tried):
            if context.out_of_time() and trial.found:
                break
            context.progress(half + 0.5 * done / len(tried), f"Choosing the ridge penalty ({ridge:g})")
            trial.ndcg(ridge)
        at = RIDGES.index(preferred(trial.found, coarse[0]))
        tried = tuple(RIDGES[i] for i in (at - 1, at + 1) if 0 <= i < len(RIDGES) and RIDGES[i] not in trial.found)
    return preferred(trial.found, coarse[0])


class Trial:
    """Quality of ridges for held-out users, among the most-taken items; ``found`` keeps nDCG@10 (n,) by ridge."""

    def __init__(self, known: Histories, held: Held, scale: dict | None) -> None:
        self.held, self.scale = held, scale
        self.kept = most_taken(shares(known), CHOOSING_ITEMS)
        self.gram = gram(weighted(known, weigh(known, scale))[:, self.kept], np.float32)
        self.found: dict[float, np.ndarray] = {}

    def ndcg(self, ridge: float) -> np.ndarray:
        """Return held-out users' nDCG@10 (n,) with this ridge; 0 for all where it is too small to be solved."""
        weights = solve(self.gram.copy(order="F"), ridge)
        if weights is None:  # too small a ridge for float32
            self.found[ridge] = np.zeros(len(self.held.histories))
            return self.found[ridge]

        def score(block: Histories) -> np.ndarray:
            scores = np.full((len(block), block.n_items), -np.inf, dtype=np.float32)
            scores[:, self.kept] = weighted(block, weigh(block, self.scale))[:, self.kept] @ weights
            return scores

        self.found[ridge] = held_gains(score, self.held)
        return self.found[ridge]
