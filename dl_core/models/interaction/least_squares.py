"""One side of alternating least squares, for many rows at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

NUMBERS = 4_000_000  # gathered at once: 16 MB of float32
MOST_ROWS = 8_192  # of a batch


def solve_factors(
    inputs: sparse.csr_matrix,
    others: np.ndarray,
    alpha: float,
    reg: float,
    check_stop: Callable[[], None] | None = None,
) -> np.ndarray:
    """Return the factors (n, factors) float32 that fit each row of ``inputs`` given those of the other side.

    Row u minimises ``Σ_i (1 + alpha r_ui)(p_ui - x·y_i)² + reg (m + alpha Σ_i r_ui) x·x`` over all m columns; a row
    without entries gets zeros. Rows of similar length are solved together. All is done in the eigenvectors of
    ``YᵀY``, in which the part that all rows share is diagonal whatever the row's regularisation.

    Parameters
    ----------
    inputs : scipy.sparse.csr_matrix
        (n, m) weights r, float32.
    others : numpy.ndarray
        (m, factors) float32.
    alpha, reg : float
    check_stop : callable or None
        Called before every batch.
    """
    found = np.zeros((inputs.shape[0], others.shape[1]), dtype=np.float32)
    spread, turn = np.linalg.eigh(others.T.astype(np.float64) @ others)
    turn = turn.astype(np.float32)  # (factors, factors)
    turned = others @ turn  # (m, factors)
    lengths = np.diff(inputs.indptr)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    while len(order):
        if check_stop is not None:
            check_stop()
        rows = order[: batch_size(lengths[order[:MOST_ROWS]], others.shape[1])]
        order = order[len(rows) :]
        codes, weights = padded(inputs, rows)
        diagonal = np.maximum(spread, 0) + reg * (inputs.shape[1] + alpha * weights.sum(axis=1, keepdims=True))
        found[rows] = solve_batch(diagonal.astype(np.float32), turned[codes], alpha * weights)
    return found @ turn.T


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
