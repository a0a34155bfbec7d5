"""Exact top-k rankings for many users, in blocks, whatever the model."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from dl_core.data.interactions.histories import BLOCK, Histories
from dl_core.models.interactions.base import Recommender
from dl_core.models.threads import one_thread

CHUNK = 64  # neighbouring items of which at first only the best is looked at
THREADS = min(os.cpu_count() or 1, 4)  # that pick items while the next users are scored
LOW = np.int64(0xFFFFFFFF)


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

    The calling thread scores blocks of users, others pick their items meanwhile; a few blocks are in memory at once.

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
        (n, k) int32 codes, best first, equal scores by code; -1 where a user has no more items.
    scores : numpy.ndarray
        (n, k) float32; ``-inf`` there.
    """
    items = np.full((len(histories), k), -1, dtype=np.int32)
    scores = np.full((len(histories), k), -np.inf, dtype=np.float32)

    def pick(start: int, block: Histories, values: np.ndarray) -> None:
        """Write the best items of a block of users to their places."""
        values = np.array(values, dtype=np.float32)  # (b, n_items), a copy of our own
        if remove_seen:
            values[block.known().nonzero()] = -np.inf
        if allowed is not None:
            values[:, ~allowed] = -np.inf
        found, best = top_columns(values, k)
        items[start : start + len(block), : found.shape[1]] = found
        scores[start : start + len(block), : found.shape[1]] = best

    with one_thread(), ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future] = deque()
        for start, block in histories.blocks(BLOCK):
            if check_stop is not None:
                check_stop()
            waiting.append(pool.submit(pick, start, block, model.score_items(block)))
            if len(waiting) > THREADS:
                waiting.popleft().result()
        for work in waiting:
            work.result()
    return items, scores


def top_columns(values: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns of the k largest values of each row, and these, largest first; equal ones by column.

    Of wide rows only the k chunks with the largest maxima are looked at: any item elsewhere has k items before it.

    Parameters
    ----------
    values : numpy.ndarray
        (n, m) float32 without NaN; left as it is.
    k : int

    Returns
    -------
    columns : numpy.ndarray
        (n, min(k, m)) int32; -1 where the value is ``-inf``.
    best : numpy.ndarray
        (n, min(k, m)) float32.
    """
    rows, width = values.shape
    k = min(k, width)
    values = np.ascontiguousarray(values, dtype=np.float32)
    if width < 4 * k * CHUNK:
        return _largest(values, np.arange(width)[None], k)
    whole = width // CHUNK * CHUNK
    maxima = values[:, :whole].reshape(rows, -1, CHUNK).max(axis=2)  # (n, chunks)
    if whole < width:
        maxima = np.concatenate([maxima, values[:, whole:].max(axis=1, keepdims=True)], axis=1)
    chunks, _ = _largest(maxima, np.arange(maxima.shape[1])[None], k)  # -1 where all of a chunk is -inf
    columns = (chunks[:, :, None] * CHUNK + np.arange(CHUNK, dtype=np.int32)).reshape(rows, -1)
    inside = (columns >= 0) & (columns < width)
    columns = np.where(inside, columns, 0)
    return _largest(np.where(inside, np.take_along_axis(values, columns, axis=1), -np.inf), columns, k)


def _largest(values: np.ndarray, columns: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k largest of ``values`` (n, m) with their ``columns`` (n or 1, m), in order.

    A value and its column become one integer, so that one partition settles both and leaves no ties: as integers the
    bits of positive floats are in their order, and those of negative ones in reverse.
    """
    bits = (values.astype(np.float32, copy=False) + np.float32(0)).view(np.int32)  # adding 0 makes -0 equal 0
    keys = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).astype(np.int64) << 32
    keys += LOW - columns
    if k < keys.shape[1]:
        keys.partition(keys.shape[1] - k, axis=1)
        keys = keys[:, keys.shape[1] - k :]
    keys = np.sort(keys, axis=1)[:, ::-1]
    bits = (keys >> 32).astype(np.int32)
    best = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).view(np.float32)
    return np.where(np.isneginf(best), -1, LOW - (keys & LOW)).astype(np.int32), best
