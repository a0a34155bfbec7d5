"""Scores of rankings for trials of their own: nDCG and recall a user, the level of chance, intervals."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dl_core.evaluate.draws import Draws
from dl_core.evaluate.quantities import mean_of, percentile, resample
from dl_core.models.interactions.choosing import ndcg_rows


def ranking_values(metric: str, items: np.ndarray, relevant: sparse.csr_matrix, k: int) -> np.ndarray:
    """Return ``"ndcg"`` or ``"recall"`` at k (n,) of rankings ``items`` (n, k); 0 where nothing is relevant."""
    gains, counts = ndcg_rows(items, relevant, k)
    if metric == "ndcg":
        return gains
    at = np.repeat(np.arange(len(items)), items.shape[1]), np.maximum(items, 0).ravel()
    hits = (np.asarray(relevant[at]).reshape(items.shape) != 0) & (items >= 0)
    return hits.sum(axis=1) / np.maximum(counts, 1)


def chance_levels(relevant: np.ndarray, places: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """Return the expected nDCG@k and recall@k (n,) of a random order.

    Parameters
    ----------
    relevant, places : numpy.ndarray
        (n,) how many items are to be found, and among how many.
    k : int
    """
    share = relevant / np.maximum(places, 1)  # of hits at each place of the ranking
    discounts = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    ideal = discounts[np.minimum(relevant, k)]
    listed = np.minimum(places, k)
    ndcg = np.divide(share * discounts[listed], ideal, out=np.zeros(len(share)), where=ideal > 0)
    return {"ndcg": ndcg, "recall": listed / np.maximum(places, 1)}


def mean_interval(values: np.ndarray, seed: int) -> tuple[float, float] | tuple[None, None]:
    """Return the 95 % bootstrap interval of the mean of values (n,), one a user; None where there is no user."""
    if not len(values):
        return None, None
    return percentile(resample({"": mean_of(values)}, Draws(len(values), 1000, seed))[""])
