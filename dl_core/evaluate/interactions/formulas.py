"""The formulas behind the metrics of lists: plain functions of lists that return one value a user, or one a catalogue.

Values are arrays (n,), NaN where a user has none. ``k`` is how many places count; a list that is shorter counts as if
its last places were misses. Relevance is yes or no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dl_core.evaluate.formulas import divide, mean_defined
from dl_core.evaluate.interactions.facts import InteractionFacts

if TYPE_CHECKING:
    from dl_core.evaluate.interactions.ranked import RankedLists


def per_relevant(values: np.ndarray, lists: RankedLists) -> np.ndarray:
    """Return ``values`` (n,) with NaN for users without a held-out item."""
    return np.where(lists.relevant > 0, values, np.nan)


def ndcg(lists: RankedLists, facts: InteractionFacts | None, k: int) -> np.ndarray:
    """Return nDCG: hits weighed by 1 / log2(rank + 1), over the sum that a perfect list reaches.

    Järvelin and Kekäläinen, *Cumulated Gain-Based Evaluation of IR Techniques* (2002), with gains of 0 and 1.
    """
    gains = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[np.nan], np.cumsum(gains)])[np.minimum(lists.relevant, k)]
    return lists.hits[:, :k] @ gains[: lists.depth] / ideal


def recall(lists: RankedLists, facts: InteractionFacts | None, k: int) -> np.ndarray:
    """Return the share of the user's held-out items that the list holds."""
    return divide(lists.hits[:, :k].sum(axis=1), lists.relevant)


def precision(lists: RankedLists, facts: InteractionFacts | None, k: int) -> np.ndarray:
    """Return the share of the k places that are hits; places that a short list leaves empty count."""
    return per_relevant(lists.hits[:, :k].sum(axis=1) / k, lists)


def _precision_sum(lists: RankedLists, k: int) -> np.ndarray:
    """Return the sum over hits of the precision up to each."""
    hits = lists.hits[:, :k]
    return (hits * hits.cumsum(axis=1) / np.arange(1, hits.shape[1] + 1)).sum(axis=1)


def average_precision(lists: RankedLists, facts: InteractionFacts | None, k: int) -> np.ndarray:
    """Return the average precision: the precision at each hit, summed, over the smaller of k and the relevant.

    As ``map_at_k`` of the recommenders-team's library defines it.
    """
    return divide(_precision_sum(lists, k), np.minimum(lists.relevant, k))


def average_precision_all(lists: RankedLists, facts: InteractionFacts | None, k: int) -> np.ndarray:
    """Return the average precision over *all* relevant items, be there more than k.

    As ``map`` of the recommenders-team's library and of Spark defines it: the column MAP of their published tables.
    """
    return divide(_precision_sum(lists, k), lists.relevant)


def reciprocal_rank(lists: RankedLists, facts: InteractionFacts | None, k: int) -> np.ndarray:
    """Return one over the place of the first hit, 0 without one."""
    hits = lists.hits[:, :k]
    return per_relevant(np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1), 0.0), lists)


def hit_rate(lists: RankedLists, facts: InteractionFacts | None, k: int) -> np.ndarray:
    """Return 1 where the list holds any held-out item."""
    return per_relevant(lists.hits[:, :k].any(axis=1).astype(float), lists)


def _mean_of_items(lists: RankedLists, values: np.ndarray, k: int) -> np.ndarray:
    """Return the mean over a list's items of ``values`` (n_items,)."""
    codes = lists.codes[:, :k]
    if not len(values):
        return np.full(len(lists), np.nan)
    return mean_defined(np.where(codes >= 0, values[codes], np.nan))


def novelty(lists: RankedLists, facts: InteractionFacts, k: int) -> np.ndarray:
    """Return the mean self-information of the items in bits (Zhou et al. 2010): −log2 of the share who took each."""
    return _mean_of_items(lists, facts.surprise, k)


def mean_popularity(lists: RankedLists, facts: InteractionFacts, k: int) -> np.ndarray:
    """Return the mean popularity of the items: the share of training users who took each."""
    return _mean_of_items(lists, facts.popularity, k)


def diversity(lists: RankedLists, facts: InteractionFacts, k: int) -> np.ndarray:
    """Return the mean distance, 1 − likeness, over the pairs of a list (Ziegler et al. 2005); NaN under two items."""
    out = np.full(len(lists), np.nan)
    for rows, alike in facts.likeness.of_pairs(lists.codes[:, :k]):
        out[rows] = mean_defined(1 - alike.astype(float))
    return out


def coverage(counts: np.ndarray) -> np.ndarray:
    """Return the share of the catalogue that is shown at all, (g,), for how often each item is shown, (g, n_items)."""
    return (counts > 0).mean(axis=-1)


def gini(counts: np.ndarray) -> np.ndarray:
    """Return the Gini coefficient (g,) of how often each item is shown or taken, (g, n_items), items never shown too.

    0 where all items are shown equally often; near 1 where few items get everything. NaN where nothing is shown.

    >>> gini(np.array([[2, 2, 2, 2], [0, 0, 0, 4], [0, 0, 0, 0]])).tolist()
    [0.0, 0.75, nan]
    """
    ordered = np.sort(counts, axis=-1).astype(float)
    n = counts.shape[-1]
    places = 2 * np.arange(1, n + 1) - n - 1
    return divide((ordered * places).sum(axis=-1), n * ordered.sum(axis=-1))
