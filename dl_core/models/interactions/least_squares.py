"""One side of alternating least squares, for many rows at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from dl_core.models.threads import one_thread

NUMBERS = 4_000_000  # gathered at once: 16 MB of float32
MOST_ROWS = 8_192  # of a batch
THREADS = min(os.cpu_count() or 1, 4)


@dataclass(frozen=True)
class Side:
    """The factors of the side that stands still, turned into the eigenvectors of their ``YᵀY``.

    There, what all rows of the other side share is diagonal whatever a row's regularisation.

    Parameters
    ----------
    turned : numpy.ndarray
        (m, factors) float32.
    spread : numpy.ndarray
        (factors,) eigenvalues, float64.
    turn : numpy.ndarray
        (factors, factors) float32 eigenvectors, a column each.
    """

    turned: np.ndarray
    spread: np.ndarray
    turn: np.ndarray

    @classmethod
    def of(cls, factors: np.ndarray) -> Side:
        """Return the side with these factors (m, factors) float32."""
        with one_thread():
            spread, turn = np.linalg.eigh((factors.T @ factors).astype(np.float64))
            turn = turn.astype(np.float32)
            return cls(factors @ turn, np.maximum(spread, 0), turn)


def solve_factors(
    inputs: sparse.csr_matrix,
    others: Side,
    alpha: float,
    reg: float,
    check_stop: Callable[[], None] | None = None,
) -> np.ndarray:
    """Return the factors (n, factors) float32 that fit each row of ``inputs`` given those of the other side.

    Row u minimises ``Σ_i (1 + alpha r_ui)(p_ui - x·y_i)² + reg (m + alpha Σ_i r_ui) x·x`` over all m columns; a row
    without entries gets zeros. Rows of similar length are solved together, batches on threads.

    Parameters
    ----------
    inputs : scipy.sparse.csr_matrix
        (n, m) weights r, float32.
    others : Side
        The factors y of the m columns.
    alpha, reg : float
    check_stop : callable or None
        Called before every batch.
    """
    factors = len(others.spread)
    found = np.zeros((inputs.shape[0], factors), dtype=np.float32)
    totals = np.asarray(inputs.sum(axis=1), dtype=np.float64).reshape(-1, 1)
    diagonal = (others.spread + reg * (inputs.shape[1] + alpha * totals)).astype(np.float32)  # (n, factors)

    def solve(rows: np.ndarray) -> None:
        if check_stop is not None:
            check_stop()
        codes, weights = padded(inputs, rows)
        found[rows] = solve_batch(diagonal[rows], others.turned[codes], alpha * weights)

    parts = list(batches(np.diff(inputs.indptr), factors))
    with one_thread():
        if len(parts) <= 1:
            for rows in parts:
                solve(rows)
        else:
            with ThreadPoolExecutor(THREADS) as pool:
                list(pool.map(solve, parts))
        return found @ others.turn.T


def batches(lengths: np.ndarray, factors: int) -> Iterator[np.ndarray]:
    """Yield the positions of rows with entries, those of similar length together."""
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    while len(order):
        size = batch_size(lengths[order[:MOST_ROWS]], factors)
        yield order[:size]
        order = order[size:]


def batch_size(lengths: np.ndarray, factors: int) -> int:
    """Return how many rows of these ascending ``lengths`` are solved together: alike, and few numbers in all."""
    small = np.minimum(lengths, factors)
    numbers = np.arange(1, len(lengths) + 1) * (2 * lengths * factors + 2 * small * small)
    alike = lengths <= 1.5 * lengths[0] + 4
    return max(int(((numbers <= NUMBERS) & alike).sum()), 1)


def padded(inputs: sparse.csr_matrix, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the column codes and weights of some rows, (b, longest) each, zeros after a row's own entries."""
    starts, lengths = inputs.indptr[rows], np.diff(inputs.indptr)[rows]
    places = np.arange(lengths.max())  # (longest,)
    own = places < lengths[:, None]
    at = np.where(own, starts[:, None] + places, 0)
    return inputs.indices[at] * own, np.where(own, inputs.data[at], 0)


def solve_batch(diagonal: np.ndarray, vectors: np.ndarray, extra: np.ndarray) -> np.ndarray:
    """Return ``(diag(d) + VᵀCV)⁻¹ Vᵀ(1 + c)`` for each row, (b, factors) float32.

    Parameters
    ----------
    diagonal : numpy.ndarray
        (b, factors) d, positive.
    vectors : numpy.ndarray
        (b, length, factors) V, the factors of the row's entries.
    extra : numpy.ndarray
        (b, length) C's diagonal c: confidence beyond 1, and 0 where an entry is padding.
    """
    targets = np.where(extra > 0, 1 + extra, 0)[..., None]  # (b, length, 1)
    length, factors = vectors.shape[1:]
    across = vectors.transpose(0, 2, 1)
    if length >= factors:
        system = (across * extra[:, None]) @ vectors  # (b, factors, factors)
        each = np.arange(factors)
        system[:, each, each] += diagonal
        return np.linalg.solve(system, across @ targets)[..., 0]
    # (diag(d) + VᵀCV)⁻¹Vᵀ = diag(1/d) Vᵀ (I + C V diag(1/d) Vᵀ)⁻¹: a smaller system where entries are few
    shrunk = across / diagonal[..., None]  # (b, factors, length)
    system = extra[..., None] * (vectors @ shrunk)  # (b, length, length)
    each = np.arange(length)
    system[:, each, each] += 1
    return (shrunk @ np.linalg.solve(system, targets))[..., 0]
