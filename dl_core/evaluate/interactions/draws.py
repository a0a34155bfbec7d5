"""Metrics of lists as two columns over users, so that every interval is one matrix product over shared draws.

Each metric is a ratio of two sums over users: a mean has ones (0 for a user without a value) below, a ratio the sums it
is of. Coverage and Gini are no sums: which items are shown at all depends on how many users there are, and a bootstrap
would draw the same users twice and so always show fewer items (it is biased downwards). They get Tukey's pseudo-values
from the delete-a-group jackknife (Kott 2001) instead: users are dealt into `GROUPS` groups at random, each is left out
once, and what it moved is shared among its users. Their mean is the value itself, and their spread over the draws is
the jackknife's standard error, so that differences between models stay paired.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dl_core.evaluate.formulas import divide
from dl_core.evaluate.interactions.facts import ListFacts
from dl_core.evaluate.interactions.lists import Lists
from dl_core.evaluate.interactions.metrics import EXPOSURE, RATIO, ListMetric
from dl_core.evaluate.intervals import draw_weights, exact_ends, percentile, resamples_for

GROUPS = 50  # of users, each left out once
MOST_HELD = 20_000_000  # draws kept for the next model (160 MB); more are drawn anew


@dataclass(frozen=True, eq=False)
class Column:
    """One number to judge by as the ratio of sums over users: ``above`` (n,) over ``below`` (n,).

    ``bounds`` clip its interval; ``share`` says that every user's value lies in 0…1, so that an interval of nothing but
    0 or 1 is widened to what so few users can tell.
    """

    above: np.ndarray
    below: np.ndarray
    bounds: tuple[float, float] = (-np.inf, np.inf)
    share: bool = False

    @property
    def value(self) -> float:
        """The number itself; NaN where no user has a value."""
        return float(divide(self.above.sum(), self.below.sum()))

    @property
    def n(self) -> int:
        """Users with a value."""
        return int((self.below > 0).sum())

    def resampled(self, weights: np.ndarray) -> np.ndarray:
        """Return the number (r,) under each row of ``weights`` (r, n)."""
        return divide(weights @ self.above, weights @ self.below)

    def take(self, rows: np.ndarray) -> Column:
        """Return the column for users at these positions."""
        return Column(self.above[rows], self.below[rows], self.bounds, self.share)

    def interval(self, draws: np.ndarray, level: float = 0.95) -> tuple[float, float]:
        """Return the interval from resampled values; NaN for fewer than two users that are no clear 0 or 1."""
        low, high = percentile(draws, level)
        if self.share:
            low, high = exact_ends(low, high, self.n, level)
        if self.n < 2 and low == high:
            return float("nan"), float("nan")
        return float(np.clip(low, *self.bounds)), float(np.clip(high, *self.bounds))


def mean_column(values: np.ndarray, bounds: tuple[float, float] = (-np.inf, np.inf)) -> Column:
    """Return the column whose value is the mean of ``values`` (n,) that are not NaN."""
    known = ~np.isnan(values)
    return Column(np.where(known, values, 0.0), known.astype(float), bounds, bounds == (0.0, 1.0))


def column_of(metric: ListMetric, lists: Lists, facts: ListFacts | None, k: int, seed: int = 0) -> Column:
    """Return one metric of one model's lists; without the facts that it needs it has no value."""
    n = len(lists)
    if metric.needs_facts and facts is None:
        return Column(np.zeros(n), np.zeros(n))
    if metric.kind == EXPOSURE:
        return _exposure_column(metric, lists.codes[:, :k], facts.n_items, seed)
    if metric.kind == RATIO:
        above, below = metric.function(lists, facts, k)
        return Column(np.nan_to_num(above), np.nan_to_num(below), metric.bounds)
    return mean_column(metric.values(lists, facts, k), metric.bounds)


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


def _exposure_column(metric: ListMetric, codes: np.ndarray, n_items: int, seed: int) -> Column:
    """Return coverage or Gini as pseudo-values."""
    n = len(codes)
    if not n or not n_items:
        return Column(np.zeros(n), np.zeros(n))
    group = deal(n, seed)
    counts = group_counts(codes, group, int(group.max()) + 1, n_items)
    whole = counts.sum(axis=0)
    value = float(metric.function(whole))
    if np.isnan(value):
        return Column(np.zeros(n), np.zeros(n))
    left_out = metric.function(whole - counts)
    return Column(pseudo_values(value, np.nan_to_num(left_out, nan=value), group), np.ones(n), metric.bounds)


def weights_for(n: int, seed: int = 0, n_resamples: int | None = None) -> Iterable[np.ndarray]:
    """Return the draws of n users in blocks (r, n), to be used for one model after the other."""
    count = n_resamples or resamples_for(n)
    blocks = draw_weights(n, n_resamples=count, seed=seed)
    return list(blocks) if n * count <= MOST_HELD else _Again(n, seed, count)


@dataclass(frozen=True)
class _Again:
    """Draws that are too many to be held: made anew, and the same, for each who asks."""

    n: int
    seed: int
    n_resamples: int

    def __iter__(self) -> Iterator[np.ndarray]:
        return draw_weights(self.n, n_resamples=self.n_resamples, seed=self.seed)


def bootstrap_columns(columns: Mapping[Hashable, Column], weights: Iterable[np.ndarray]) -> dict:
    """Return the resampled values (r,) of every column, by its key, under ``weights`` (`weights_for`)."""
    keys = list(columns)
    n = len(columns[keys[0]].above) if keys else 0
    above = np.stack([columns[key].above for key in keys], axis=1) if keys else np.zeros((n, 0))
    places: dict[bytes, int] = {}  # many columns share what stands below
    below, place = [], []
    for key in keys:
        column = columns[key].below
        at = places.setdefault(column.tobytes(), len(places))
        if at == len(below):
            below.append(column)
        place.append(at)
    bottom = np.stack(below, axis=1) if below else np.zeros((n, 0))
    parts = []
    for block in weights if keys else ():
        parts.append(divide(block @ above, (block @ bottom)[:, place]))
    found = np.concatenate(parts) if parts else np.zeros((0, len(keys)))
    return {key: found[:, at] for at, key in enumerate(keys)}


def line_of(column: Column, draws: np.ndarray) -> dict:
    """Return value, interval and n as plain JSON, None where not defined."""
    found = (column.value, *column.interval(draws))
    value, low, high = (None if np.isnan(one) else float(one) for one in found)
    return {"value": value, "low": low, "high": high, "n": column.n}


def columns_of(
    metrics: Sequence[ListMetric], lists: Lists, facts: ListFacts | None, k: int, seed: int = 0
) -> dict[str, Column]:
    """Return the columns of several metrics by name."""
    return {metric.name: column_of(metric, lists, facts, k, seed) for metric in metrics}
