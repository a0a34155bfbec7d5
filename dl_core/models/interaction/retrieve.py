"""Exact top-k lists for many users, in blocks, whatever the model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dl_core.data.interactions.histories import BLOCK, Histories
from dl_core.models.interaction.base import Recommender


def top_items(
    model: Recommender,
    histories: Histories,
    k: int,
    *,
    remove_seen: bool = True,
    allowed: np.ndarray | None = None,
    check_stop: Callable[[], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k best items of each user.

    Parameters
    ----------
    model : Recommender
    histories : Histories
        In the model's catalogue.
    k : int
    remove_seen : bool
        Whether what a user has taken is left out.
    allowed : numpy.ndarray or None
        (n_items,) bool items that may be recommended at all.
    check_stop : callable or None
        Called before every block; raises where the work was cancelled.

    Returns
    -------
    items : numpy.ndarray
        (n, k) int32 codes, best first; -1 where a user has no more items.
    scores : numpy.ndarray
        (n, k) float32; ``-inf`` there.
    """
    items = np.full((len(histories), k), -1, dtype=np.int32)
    scores = np.full((len(histories), k), -np.inf, dtype=np.float32)
    for start, block in histories.blocks(BLOCK):
        if check_stop is not None:
            check_stop()
        values = np.array(model.score_items(block), dtype=np.float32)  # (b, n_items), a copy of our own
        if remove_seen:
            values[block.known().nonzero()] = -np.inf
        if allowed is not None:
            values[:, ~allowed] = -np.inf
        found, best = top_columns(values, k)
        items[start : start + len(block), : found.shape[1]] = found
        scores[start : start + len(block), : found.shape[1]] = best
    return items, scores


def top_columns(values: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns of the k largest values of each row, and these, largest first; equal ones by column."""
    k = min(k, values.shape[1])
    if k < values.shape[1]:
        part = np.argpartition(-values, k - 1, axis=1)[:, :k]
    else:
        part = np.tile(np.arange(k), (len(values), 1))
    best = np.take_along_axis(values, part, axis=1)
    order = np.lexsort((part, -best), axis=1)
    items, best = np.take_along_axis(part, order, axis=1).astype(np.int32), np.take_along_axis(best, order, axis=1)
    return np.where(np.isneginf(best), -1, items), best
