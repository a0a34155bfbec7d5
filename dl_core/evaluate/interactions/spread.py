"""How evenly places are shared among items, as a mean over users: the jackknife for coverage and Gini.

They are no sums: which items are shown at all depends on how many users there are, and a bootstrap would draw the same
users twice and so always show fewer items (it is biased downwards). They get Tukey's pseudo-values from the
delete-a-group jackknife (Kott 2001) instead: users are dealt into `GROUPS` groups at random, each is left out once, and
what it moved is shared among its users. Their mean is the value itself, and their spread over the draws is the
jackknife's standard error, so that differences between models stay paired.
"""

from __future__ import annotations

import numpy as np

from dl_core.evaluate.interactions.metric import RankingMetric
from dl_core.evaluate.quantities import Ratio

GROUPS = 50  # of users, each left out once


def group_counts(codes: np.ndarray, group: np.ndarray, n_groups: int, n_items: int) -> np.ndarray:
    """Return how often each item is shown to each group, (n_groups, n_items), for lists ``codes`` (n, k)."""
    cell = group[:, None] * n_items + codes
    return np.bincount(cell[codes >= 0], minlength=n_groups * n_items).reshape(n_groups, n_items)


def deal(n: int, seed: int = 0) -> np.ndarray:
    """Return the jackknife group (n,) of each of n users: `GROUPS` of nearly one size, or one each of fewer users."""
    return np.random.default_rng(seed).permutation(n) % max(1, min(GROUPS, n))


def pseudo_values(value: float, left_out: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return values (n,) of users whose mean is ``value`` and whose spread is the jackknife's.

    Parameters
    ----------
    value : float
        Of all users.
    left_out : numpy.ndarray
        (g,) the same without each group.
    group : numpy.ndarray
        (n,) of each user.
    """
    g, n = len(left_out), len(group)
    if g < 2:
        return np.full(n, value)
    moved = -(left_out - left_out.mean()) * np.sqrt((g - 1) / g)
    each = (moved / np.sqrt(np.bincount(group, minlength=g)))[group]
    return value + n * (each - each.mean())


def exposure_quantity(metric: RankingMetric, codes: np.ndarray, n_items: int, seed: int) -> Ratio:
    """Return coverage or Gini of lists ``codes`` (n, k) as the mean of pseudo-values."""
    n = len(codes)
    if not n or not n_items:
        return Ratio(np.zeros(n), np.zeros(n))
    group = deal(n, seed)
    counts = group_counts(codes, group, int(group.max()) + 1, n_items)
    whole = counts.sum(axis=0)
    value = float(metric.function(whole))
    if np.isnan(value):
        return Ratio(np.zeros(n), np.zeros(n))
    left_out = metric.function(whole - counts)
    return Ratio(pseudo_values(value, np.nan_to_num(left_out, nan=value), group), np.ones(n), metric.bounds)
