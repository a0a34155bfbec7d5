"""How settings and epochs of recommenders are chosen: nDCG of full rankings for held-out users."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy import sparse

from dl_core.data.interactions.histories import BLOCK, Histories
from dl_core.evaluate.choice import Key, settled
from dl_core.models.interactions.base import Held
from dl_core.models.interactions.retrieve import top_columns


def held_ndcg(score: Callable[[Histories], np.ndarray], held: Held, k: int = 10) -> float:
    """Return the mean of `held_gains` over the users who have one; 0 where none has."""
    return mean_gain(held_gains(score, held, k))


def mean_gain(gains: np.ndarray) -> float:
    """Return the mean of what is known of ``gains`` (n,), 0 where nothing is."""
    known = gains[~np.isnan(gains)]
    return float(known.mean()) if len(known) else 0.0


def preferred(gains: Mapping[Key, np.ndarray], default: Key) -> Key:
    """Return by which setting held-out users' ``gains`` (n,) are best, the default unless another is clearly better.

    See `settled`; ``default`` is one of the settings.
    """
    return settled({default: -gains[default], **{name: -one for name, one in gains.items()}})


def held_gains(score: Callable[[Histories], np.ndarray], held: Held, k: int = 10) -> np.ndarray:
    """Return the nDCG@k (n,) of held-out users, all items ranked, those of the history removed.

    Relevance is binary; the ideal ranking has ``min(k, relevant)`` hits. A relevant item that the user already had
    cannot be listed and does not count; users with nothing left to find have NaN.

    Parameters
    ----------
    score : callable
        Takes histories and returns scores (n, n_items), higher first, as `Recommender.score_items` does. It is called
        for blocks of users.
    held : Held
    k : int
    """
    found = np.full(len(held.histories), np.nan)
    for start, block in held.histories.blocks(BLOCK):
        known = block.known()
        values = np.array(score(block), dtype=np.float32)  # (b, n_items), a copy of our own
        values[known.nonzero()] = -np.inf
        items, _ = top_columns(values, k)
        gains, counts = ndcg_rows(items, fresh(held.relevant[start : start + len(block)], known), k)
        found[start : start + len(block)] = np.where(counts > 0, gains, np.nan)
    return found


def fresh(relevant: sparse.csr_matrix, known: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return the relevant items (n, n_items) that are not known already, as float32 ones."""
    relevant = (relevant != 0).astype(np.float32)
    left = (relevant - relevant.multiply(known != 0)).tocsr()
    left.eliminate_zeros()
    return left


def ndcg_rows(items: np.ndarray, relevant: sparse.csr_matrix, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nDCG@k (n,) of rankings and the number of relevant items (n,) of each user.

    Parameters
    ----------
    items : numpy.ndarray
        (n, at most k) codes, best first; -1 where a ranking has ended.
    relevant : scipy.sparse.csr_matrix
        (n, n_items), non-zero where relevant.
    k : int
    """
    n, places = items.shape
    codes = np.maximum(items, 0)
    hits = np.asarray(relevant[np.repeat(np.arange(n), places), codes.ravel()]).reshape(n, places) != 0
    hits &= items >= 0
    counts = np.diff(relevant.indptr)
    discounts = 1 / np.log2(np.arange(2, k + 2))  # (k,)
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])[np.minimum(counts, k)]
    gains = (hits * discounts[:places]).sum(axis=1)
    return np.divide(gains, ideal, out=np.zeros(n), where=ideal > 0), counts
