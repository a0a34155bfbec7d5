"""What the simple recommenders share: a history as weights, popularity for empty histories, exact contributions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from dl_core.data.interactions.histories import Histories

BINARY, VALUES = "binary", "values"  # what a history is read as
COUNTS_FROM = 10.0  # values beyond this are counts rather than ratings, and enter by their logarithm


def takers(histories: Histories) -> np.ndarray:
    """Return the number of users who took each item, (n_items,) float32."""
    return np.asarray(histories.matrix().sum(axis=0), dtype=np.float32).ravel()


def shares(histories: Histories) -> np.ndarray:
    """Return the popularity of each item in 0…1, (n_items,) float32: its takers over those of the most-taken one."""
    counts = takers(histories)
    return counts / max(float(counts.max(initial=0)), 1.0)


def has_values(histories: Histories) -> bool:
    """Return whether ratings or counts differ and are all positive, so that they can be weights."""
    values = histories.values
    return bool(len(values)) and float(values.min()) > 0 and float(values.min()) < float(values.max())


def value_scale(histories: Histories) -> dict[str, float | bool]:
    """Return how values become weights of mean 1: ``log`` (for counts) and ``mean``, plain JSON."""
    log = float(histories.values.max(initial=0)) > COUNTS_FROM
    values = np.log1p(histories.values) if log else histories.values
    return {"log": log, "mean": float(values.mean(dtype=np.float64)) if len(values) else 1.0}


def weigh(histories: Histories, scale: dict[str, float | bool] | None = None) -> np.ndarray:
    """Return the weight (m,) float32 of each entry of the histories.

    Without ``scale`` an item weighs 1 however often its user took it, shared among its entries; with the ``scale`` of
    `value_scale` each entry weighs as its rating or count says, 1 on average in training.
    """
    if scale is not None:
        values = np.maximum(histories.values, 0)
        values = np.log1p(values) if scale["log"] else values
        return (values / np.float32(max(scale["mean"], 1e-9))).astype(np.float32)
    rows = np.repeat(np.arange(len(histories)), histories.lengths)
    pairs = rows * np.int64(histories.n_items) + histories.items
    _, inverse, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    return (1 / counts[inverse]).astype(np.float32)


def weighted(histories: Histories, weights: np.ndarray) -> sparse.csr_matrix:
    """Return users by items (n, n_items) float32 with the entries' ``weights`` (m,), those of repeats summed."""
    shape = (len(histories), histories.n_items)
    found = sparse.csr_matrix((weights, histories.items, histories.starts), shape=shape, copy=True)
    found.sum_duplicates()
    return found


def popular_where(scores: np.ndarray, empty: np.ndarray, popularity: np.ndarray) -> np.ndarray:
    """Put ``popularity`` (n_items,) into the rows of ``scores`` (n, n_items) where ``empty`` (n,), and return them."""
    if empty.any():
        scores[empty] = popularity
    return scores


def entry_parts(
    histories: Histories,
    targets: np.ndarray,
    weights: np.ndarray,
    effect: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> list[np.ndarray]:
    """Return each entry's part in the score of its user's target, one array (length,) float32 a user.

    Parameters
    ----------
    histories : Histories
    targets : numpy.ndarray
        (n,) item codes.
    weights : numpy.ndarray
        (m,) of `weigh`.
    effect : callable
        Takes history items (m,) and target items (m,), returns the effect (m,) of the first on the second.
    """
    wanted = np.repeat(np.asarray(targets), histories.lengths)
    parts = (weights * effect(histories.items, wanted)).astype(np.float32)
    return np.split(parts, histories.starts[1:-1])
